"""Scores beside labels -> how well they rank, as one JSON document's worth of figures with 90 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.correlation import Floats
from nas.evaluators.costs import COSTS
from nas.evaluators.score import Score, Task
from nas.labels import Labels
from nas.labels.measured import Spread
from nas.quality.bands import WIDTH, bands
from nas.quality.noise import noise
from nas.quality.sample import ENDS, SLOW, Sample, rounded
from nas.quality.verdict import Case, Figure, median_rival, verdict

BASELINES = ("params", "macs", "activations", "depth")  # and random, whose figures are known
DRAWS = 1000  # of the bootstrap


def quality_of(
    scores: Sequence[float] | Floats,
    labels: Labels,
    *,
    width: float = WIDTH,
    ranges: Sequence[tuple[int, int]] | None = None,
    baselines: Mapping[str, Floats] | None = None,
    spread: Spread | None = None,
    failed: int = 0,
    seen: int = 0,
    left_out: int = 0,
    seed: int = 0,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """How well `scores` (one a row of `labels`) rank: figures, bands, noise, baselines and a verdict, as JSON.

    Rows of one network count as one (means of scores and of runs), and the bootstrap redraws networks, never rows;
    intervals are percentiles. Bands are ± `width` of macs (`nas.quality.bands`). `baselines` are scores a network
    (default: its costs, BASELINES), `spread` that of runs where it is known better than from these labels. `failed`
    networks have no score, `seen` ones are among these and helped to fit the evaluator, `left_out` ones did so too and
    are not among these. Raises FileError where labels leave nothing to rank.
    """
    whole = labels.rankable()
    scores = grouped(np.asarray(scores, dtype=np.float64), labels.group)
    rivals = dict(baseline_scores(whole) if baselines is None else baselines)
    rng, spread = np.random.default_rng(seed), spread or whole.spread
    every = Sample.of(whole.values, np.arange(len(whole)), draws, rng)
    placed = bands(whole.space.costs(whole.genomes, ("macs",))["macs"], width, ranges)
    inside = [Sample.of(whole.values, band.rows, draws, rng) for band in placed]
    case = _case(Case(asked=len(whole) + failed, failed=failed, seen=seen, left_out=left_out), scores, rivals, inside)
    word, why = verdict(case)
    return {
        "n": len(whole),
        "failed": failed,
        "used_in_fit": seen,
        "left_out": left_out,
        **every.told(scores),
        "baselines": every.baselines(rivals),
        "noise": noise(whole, spread, seed=seed),
        "in_band": _in_band(case, rivals, inside),
        "bands": [
            {
                "center_macs": band.center,
                "low_macs": band.low,
                "high_macs": band.high,
                "n": len(band.rows),
                **sample.told(scores, skip=SLOW),
                "baselines": sample.baselines(rivals),
                "noise": noise(whole.take(band.rows), spread, seed=seed),
            }
            for band, sample in zip(placed, inside, strict=True)
        ],
        "verdict": word,
        "why": why,
    }


def grouped(scores: Floats, group: NDArray[np.intp]) -> Floats:
    """The mean score of each group."""
    return np.asarray(np.bincount(group, scores) / np.bincount(group))


def baseline_scores(labels: Labels) -> dict[str, Floats]:
    """Each row's costs as scores: larger is taken as better."""
    found: dict[str, Floats] = {}
    costs = labels.space.costs(labels.genomes, [name for name in BASELINES if name in labels.space.metrics])
    task = Task.of(labels.space)
    for name in BASELINES:
        if name in costs:
            found[name] = costs[name].astype(np.float64)
            continue
        answers = COSTS[name].make({}, task).evaluate([labels.architecture(row) for row in range(len(labels))])
        found[name] = np.array([answer.value if isinstance(answer, Score) else np.nan for answer in answers])
    return found


def _case(asked: Case, scores: Floats, rivals: dict[str, Floats], inside: list[Sample]) -> Case:
    """What the verdict rests on: medians over the bands, and the lead over the best baseline on the same sets."""
    if not inside:
        return asked
    others = {name: values for name, values in rivals.items() if _orders(values) != _orders(scores)}
    same = next((name for name in rivals if name not in others), "")
    medians = {name: _median(values, inside) for name, values in others.items()}
    drawn = np.median([sample.spearmans(scores) for sample in inside], axis=0)
    median, rival = _figure(_median(scores, inside), drawn), median_rival(medians)
    case = replace(asked, in_bands=[sample.spearman(scores) for sample in inside], median=median, same=same)
    if not rival:
        return case
    behind = np.median([sample.spearmans(others[rival]) for sample in inside], axis=0)
    lead = _figure(median.value - medians[rival], drawn - behind)
    return replace(case, rival=rival, rival_median=medians[rival], lead=lead)


def _in_band(case: Case, rivals: dict[str, Floats], inside: list[Sample]) -> dict[str, Any] | None:
    """The median over bands, beside that of every baseline; None without bands."""
    if case.median is None:
        return None
    told: dict[str, Any] = {
        "bands": len(inside),
        "spearman": rounded(case.median.value),
        "spearman_interval": [rounded(case.median.low), rounded(case.median.high)],
        "baselines": {name: rounded(_median(values, inside)) for name, values in rivals.items()},
        "best_baseline": case.rival or "random",
    }
    if case.lead is not None:
        told |= {"lead": rounded(case.lead.value), "lead_interval": [rounded(case.lead.low), rounded(case.lead.high)]}
    return told


def _median(scores: Floats, inside: list[Sample]) -> float:
    """The median Spearman over the bands."""
    return float(np.median([sample.spearman(scores) for sample in inside]))


def _orders(scores: Floats) -> bytes:
    """Equal for scores that order the networks alike."""
    return np.unique(scores, return_inverse=True)[1].astype(np.int64).tobytes()


def _figure(value: float, drawn: Floats) -> Figure:
    low, high = np.quantile(drawn, ENDS)
    return Figure(value, float(low), float(high))
