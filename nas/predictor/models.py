"""The two families of models behind the predictor, read from their coefficients. numpy only."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas.predictor.features import PAIRS, Codes, FeatureMap
from nas.predictor.link import Floats

FEW = 512  # rows below which all trees are read at once


class Ridge:
    """Sum of stage terms and pair-of-stages terms, and a quadratic in the standardised totals."""

    def __init__(self, features: FeatureMap, document: dict[str, Any]) -> None:
        column = [dict(zip(basis.names, basis.table.T, strict=True)) for basis in features.basis]
        pair = {(a, b): np.zeros((features.options[a], features.options[b])) for a, b in PAIRS}
        for name, value in document["terms"].items():
            (a, first), *other = ((int(part[0]), column[int(part[0])][part[2:]]) for part in name.split(" "))
            if other:
                pair[a, other[0][0]] += value * np.outer(first, other[0][1])
            elif a < 6:  # a stage's own term rides in the table of one of its pairs
                pair[a, a + 1] += value * first[:, None]
            else:
                pair[5, 6] += value * first
        self.tables = [(a, b, features.options[b], table.ravel()) for (a, b), table in pair.items()]
        totals = {key: np.array(value, dtype=np.float64) for key, value in document["totals"].items()}
        self.mean, self.sd, self.linear = totals["mean"], totals["sd"], totals["linear"]
        self.quadratic = np.zeros((len(self.mean),) * 2)
        self.quadratic[np.triu_indices(len(self.mean))] = totals["quadratic"]
        self.intercept = float(document["intercept"])

    def __call__(self, codes: Codes, totals: Floats) -> Floats:
        """Stage codes (n, 7) and totals (n, 20) -> link (n,)."""
        z = (totals - self.mean) / self.sd
        u = self.intercept + z @ self.linear + np.einsum("ij,ij->i", z @ self.quadratic, z)
        for a, b, width, table in self.tables:
            u += table.take(codes[:, a] * width + codes[:, b])
        return np.asarray(u)


class Trees:
    """Sum of oblivious trees: the answers to a tree's tests, read as a binary number, pick its leaf."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.column = np.array([column for column, _ in document["tests"]], dtype=np.intp)
        self.threshold = np.array([threshold for _, threshold in document["tests"]], dtype=np.float64)
        self.splits = np.array(document["splits"], dtype=np.intp)
        self.leaves = np.array(document["leaves"], dtype=np.float64) * document["unit"]
        self.intercept = float(document["intercept"])

    def __call__(self, inputs: Floats) -> Floats:
        """Inputs (n, 28 slots + 20 totals) -> link (n,)."""
        if len(inputs) <= FEW:
            answers = (inputs[:, self.column] > self.threshold)[:, self.splits]
            leaf = answers @ (1 << np.arange(self.splits.shape[1])[::-1])
            return np.asarray(self.intercept + self.leaves[np.arange(len(self.leaves)), leaf].sum(axis=1))
        columns = np.ascontiguousarray(inputs.T)  # many rows: tree by tree over contiguous bytes
        tests = zip(self.column, self.threshold, strict=True)
        by_test = np.stack([columns[column] > threshold for column, threshold in tests]).view(np.uint8)
        u = np.full(len(inputs), self.intercept)
        for splits, leaves in zip(self.splits, self.leaves, strict=True):
            leaf = by_test[splits[0]]
            for split in splits[1:]:
                leaf = leaf + leaf + by_test[split]
            u += leaves.take(leaf)
        return u
