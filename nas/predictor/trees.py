"""Fitting the trees: gradient boosting of oblivious trees, one test a level, as in CatBoost."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.predictor.link import Floats

UNIT = 1e-5  # leaves are stored as integers of this many link units


class Growth(NamedTuple):
    """How the trees grow: their number, tests each, step, share of rows and of tests seen by a tree, shrinkage."""

    trees: int = 600
    depth: int = 4
    rate: float = 0.07
    rows: float = 0.5
    tests: float = 0.3
    shrinkage: float = 3.0
    cuts: int = 12


def candidates(inputs: Floats, slots: int, cuts: int) -> list[tuple[int, float]]:
    """Tests (column, threshold): every step of a slot, and `cuts` quantiles of each later column."""
    tests = [(c, t + 0.5) for c in range(slots) for t in range(int(inputs[:, c].max()))]
    q = np.linspace(0, 1, cuts + 2)[1:-1]
    return tests + [
        (c, float(f"{t:.6g}")) for c in range(slots, inputs.shape[1]) for t in np.unique(np.quantile(inputs[:, c], q))
    ]


def fit_trees(inputs: Floats, residual: Floats, slots: int, growth: Growth, rng: np.random.Generator) -> dict[str, Any]:
    """Trees for `residual` (squared loss); returns the coefficients that `models.Trees` reads."""
    tests = candidates(inputs, slots, growth.cuts)
    answers = np.stack([inputs[:, c] > t for c, t in tests], axis=1).astype(np.float32)
    intercept = round(float(residual.mean()), 6)
    residual, splits, values = residual - intercept, [], []
    for _ in range(growth.trees):
        rows = np.flatnonzero(rng.random(len(inputs)) < growth.rows)
        columns = np.sort(rng.choice(len(tests), int(growth.tests * len(tests)), replace=False))
        chosen, leaf = _grow(answers[np.ix_(rows, columns)], residual[rows], growth)
        count = np.bincount(leaf, minlength=2**growth.depth)
        value = growth.rate * np.bincount(leaf, residual[rows], minlength=2**growth.depth) / (count + growth.shrinkage)
        value = np.round(value / UNIT) * UNIT
        splits.append(columns[chosen])
        values.append(value)
        everywhere = (answers[:, splits[-1]] @ (1 << np.arange(growth.depth)[::-1])).astype(np.int64)
        residual = residual - value[everywhere]
    used, index = np.unique(np.array(splits), return_inverse=True)
    return {
        "tests": [tests[i] for i in used],
        "splits": index.reshape(-1, growth.depth).tolist(),
        "unit": UNIT,
        "intercept": intercept,
        "leaves": np.round(np.array(values) / UNIT).astype(int).tolist(),
    }


def _grow(answers: NDArray[np.float32], residual: Floats, growth: Growth) -> tuple[list[int], NDArray[np.int64]]:
    """Best test of each level for all its leaves together; the tests, and the leaf of every row."""
    chosen: list[int] = []
    leaf = np.zeros(len(answers), dtype=np.int64)
    for level in range(growth.depth):
        hot = np.zeros((2**level, len(answers)), dtype=np.float32)
        hot[leaf, np.arange(len(answers))] = 1
        weighted = hot * residual.astype(np.float32)
        yes, yes_sum = hot @ answers, weighted @ answers
        no, no_sum = hot.sum(axis=1, keepdims=True) - yes, weighted.sum(axis=1, keepdims=True) - yes_sum
        gain = yes_sum**2 / (yes + growth.shrinkage) + no_sum**2 / (no + growth.shrinkage)
        chosen.append(int(gain.sum(axis=0).argmax()))
        leaf = 2 * leaf + (answers[:, chosen[-1]] > 0)
    return chosen, leaf
