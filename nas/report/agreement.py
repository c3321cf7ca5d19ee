"""How far the scores that need no labels agree on what a search has found."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.evaluators.score import PROXY_SCORE
from nas.graph.costing import depth
from nas.ranking import value
from nas.study.result import Study

NETWORKS = 20  # the best ones; measuring them takes some ten seconds
FEWEST = 5


def agreement(study: Study) -> dict[str, Any] | None:
    """Spearman between the search's score and others over the best networks found, where no label stands behind it.

    The others are every other zero-cost score (at 32 pixels), params, macs and depth; None where one cannot be had. The
    whole is None for a score that labels stand behind, and for fewer than five networks.
    """
    best = study.scored[:NETWORKS]
    if study.about.unit != PROXY_SCORE or len(best) < FEWEST:
        return None
    from nas.proxies import features

    space, own = study.space, study.about.name.partition(":")[0]
    others: dict[str, NDArray[Any]] = {
        "params": np.array([trial.costs["params"] for trial in best]),
        "macs": np.array([trial.costs["macs"] for trial in best]),
        "depth": np.array([depth(study.graph(trial)) for trial in best]),
        **features([study.architecture(trial) for trial in best], space.num_classes, space.in_chans),
    }
    others.pop("az_nas.complexity", None)  # the macs again
    scores = np.array([value(trial) for trial in best])
    found = {name: _spearman(scores, column) for name, column in others.items() if name.partition(".")[0] != own}
    return {"networks": len(best), "spearman": found}


def agreement_lines(told: dict[str, Any] | None) -> list[str]:
    """The same for people: the others from the one that agrees least."""
    if told is None:
        return []
    known = {name: figure for name, figure in told["spearman"].items() if figure is not None}
    if not known:
        return ["no other score tells these networks apart"]
    order = sorted(known, key=lambda name: known[name])
    least, most = known[order[0]], known[order[-1]]
    figures = ", ".join(f"{name} {known[name]:+.2f}" for name in order)
    return [
        f"how far proxies disagree: over the {told['networks']} best networks the Spearman of this score with others "
        f"goes from {least:+.2f} to {most:+.2f} ({figures})"
    ]


def _spearman(scores: NDArray[Any], others: NDArray[Any]) -> float | None:
    """Rank correlation over the networks that have both; None where either is constant."""
    from scipy.stats import spearmanr

    both = np.isfinite(others)
    if both.sum() < FEWEST or len(set(scores[both])) < 2 or len(set(others[both])) < 2:
        return None
    return round(float(spearmanr(scores[both], others[both])[0]), 3)
