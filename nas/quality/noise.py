"""How well labels rank themselves: what runs of one network leave unsaid, and so what no evaluator can exceed."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas.correlation import spearman
from nas.labels.measured import Labels, Spread
from nas.quality.figures import TOP

FEWEST = 20  # networks with several runs, for a rank correlation between runs
PAIRINGS = 50  # random choices of two runs of each network, whose correlations are averaged


def noise(labels: Labels, spread: Spread | None = None, *, seed: int = 0) -> dict[str, Any] | None:
    """The noise of labels, as JSON; None where no network has two runs (unknown, which is not none).

    `sd` is that of a run around its network's mean (`spread` instead, where these labels have few second runs) and
    `freedom` its degrees of freedom; `seed_to_seed` is the Spearman between two runs of the same networks,
    `seed_to_seed_top10` that among the best tenth (by the mean of all runs), and `ceiling` the correlation with these
    labels that a perfect evaluator could reach: the root of their reliability, 1 - noise variance of a label / variance
    of the labels (classical test theory: Spearman 1910, Brown 1910).
    """
    labels = labels.networks
    own = labels.spread
    spread = own if own is not None and (spread is None or own.freedom >= FEWEST) else spread
    if spread is None:
        return None
    variance = float(np.var(labels.values))
    left = spread.sd**2 * float((1 / labels.counts).mean())
    several = labels.take(labels.counts > 1)
    best = several.take(np.argsort(-several.values, kind="stable")[: round(TOP * len(several))])
    return {
        "sd": round(spread.sd, 5),
        "freedom": spread.freedom,
        "ceiling": round(float(np.sqrt(max(0.0, 1 - left / variance))), 4) if variance > 0 else None,
        "seed_to_seed": seed_to_seed(several, seed),
        "seed_to_seed_top10": seed_to_seed(best, seed),
    }


def seed_to_seed(labels: Labels, seed: int) -> float | None:
    """Spearman between two runs of each network, drawn at random; None below FEWEST networks."""
    if len(labels) < FEWEST:
        return None
    rng = np.random.default_rng(seed)
    order = np.argsort(np.where(np.isnan(labels.runs), np.inf, rng.random((PAIRINGS, *labels.runs.shape))), axis=2)
    first, second = (np.take_along_axis(labels.runs[None], order[:, :, [place]], axis=2)[:, :, 0] for place in (0, 1))
    return round(float(spearman(first, second).mean()), 4)
