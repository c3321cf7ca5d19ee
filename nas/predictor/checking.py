"""How good a predictor is on rows of training results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.correlation import agreed, kendall, spearman
from nas.files import document
from nas.predictor.data import Rows, marks, split
from nas.predictor.fitting import fit
from nas.predictor.predicting import Prediction, Predictor
from nas.space import SearchSpace

CHECK = "nascli.predictor_check/1"
BANDS = (250, 300, 350, 400, 450, 500)  # million macs, each ± 5 %
BEST = 0.05  # share of the rows that are predicted best


def check(predictor: Predictor, rows: Rows) -> dict[str, Any]:
    """The contract of `nascli predictor check --json`: rank correlation, error and coverage on `rows`.

    Rows that the fit has seen are counted: figures that include them are no held-out figures.
    """
    known = set(predictor.document["fitted_on"])
    seen = sum(mark in known for mark in marks(rows.genomes))
    found = predictor.predict_genomes(predictor.space, rows.genomes)
    return document(CHECK, {**_figures(predictor.space, rows, found), "used_in_fit": seen, "held_out": seen == 0})


def cross_check(space: SearchSpace, rows: Rows, folds: int, *, seed: int = 0) -> dict[str, Any]:
    """The same for predictors fitted anew without each fold (folds keep equal genomes together)."""
    part = split(rows.group, folds, np.random.default_rng(seed))
    found = np.zeros((3, len(rows.top1)))
    for k in range(folds):
        judge = Predictor(fit(space, rows.take(np.flatnonzero(part != k)), seed=seed))
        found[:, part == k] = judge.predict_genomes(space, rows.genomes[part == k])
    told = _figures(space, rows, Prediction(*found))
    return document(CHECK, {**told, "used_in_fit": 0, "held_out": True, "folds": folds})


def _figures(space: SearchSpace, rows: Rows, found: Prediction) -> dict[str, Any]:
    order = np.argsort(-found.mean)
    best = order[: max(1, round(BEST * len(order)))]
    macs = space.costs(rows.genomes, ("macs",))["macs"] / 1e6
    return {
        "n": len(rows.top1),
        "spearman": _rank(spearman, found.mean, rows.top1),
        "kendall": _rank(kendall, found.mean, rows.top1),
        "mae": round(float(np.abs(found.mean - rows.top1).mean()), 4),
        "bands": [_band(center, macs, rows, found) for center in BANDS],
        "coverage90": _covered(found, rows, order),
        "coverage90_best": _covered(found, rows, best),
        "bias_best": round(float((found.mean - rows.top1)[best].mean()), 4),
    }


def _band(center: int, macs: NDArray[np.float64], rows: Rows, found: Prediction) -> dict[str, Any]:
    inside = np.flatnonzero(np.abs(macs - center) <= 0.05 * center)
    told: dict[str, Any] = {"center_macs": center * 10**6, "n": len(inside), "spearman": None, "coverage90": None}
    if len(inside) > 2:
        told["spearman"] = _rank(spearman, found.mean[inside], rows.top1[inside])
        told["coverage90"] = _covered(found, rows, inside)
    return told


def _covered(found: Prediction, rows: Rows, chosen: NDArray[np.intp]) -> float:
    inside = (found.low <= rows.top1) & (rows.top1 <= found.high)
    return round(float(inside[chosen].mean()), 4)


def _rank(correlation: Callable[..., Any], one: NDArray[np.float64], other: NDArray[np.float64]) -> float | None:
    """A rank correlation; None where there is nothing to rank."""
    found = agreed(one, other, correlation)
    return None if found is None else round(found, 5)
