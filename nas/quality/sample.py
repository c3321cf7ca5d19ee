"""Figures of a sample of networks, and their 90 % intervals by the bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.correlation import Floats, spearman
from nas.quality.figures import FIGURES

ENDS = (0.05, 0.95)  # of a percentile interval (Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 13)
SLOW = ("kendall",)  # has an interval over all networks only: scipy computes it one set at a time


@dataclass(frozen=True, eq=False)
class Sample:
    """The networks `rows` (n,) of all `labels`, and sets redrawn from them with replacement: (draws, n)."""

    labels: Floats
    rows: NDArray[np.intp]
    sets: NDArray[np.intp]

    @classmethod
    def of(cls, labels: Floats, rows: NDArray[np.intp], draws: int, rng: np.random.Generator) -> Sample:
        """A sample with `draws` redrawn sets."""
        return cls(labels, rows, rows[rng.integers(len(rows), size=(draws, len(rows)))])

    def spearman(self, scores: Floats) -> float:
        """Spearman of the sample; `scores` are those of all networks."""
        return float(spearman(scores[self.rows][None], self.labels[self.rows][None])[0])

    def spearmans(self, scores: Floats) -> Floats:
        """Spearman of each redrawn set: (draws,)."""
        return spearman(scores[self.sets], self.labels[self.sets])

    def figures(self, scores: Floats) -> dict[str, Any]:
        """All figures of the sample, without intervals."""
        one, other = scores[self.rows][None], self.labels[self.rows][None]
        return {name: rounded(figure(one, other)[0]) for name, figure in FIGURES.items()}

    def told(self, scores: Floats, skip: tuple[str, ...] = ()) -> dict[str, Any]:
        """All figures of the sample, each with its interval but for those of `skip`."""
        told: dict[str, Any] = {}
        for name, value in self.figures(scores).items():
            told[name] = value
            if name not in skip:
                ends = np.quantile(FIGURES[name](scores[self.sets], self.labels[self.sets]), ENDS)
                told[f"{name}_interval"] = [rounded(end) for end in ends]
        return told

    def baselines(self, rivals: dict[str, Floats]) -> dict[str, dict[str, Any]]:
        """The figures of every baseline, and of random scores what is expected of them."""
        everyone = {"random": np.zeros(len(self.labels)), **rivals}  # all tie, and ties count at their mean
        return {name: self.figures(scores) for name, scores in everyone.items()}


def rounded(value: float) -> float:
    """As documents print it."""
    return round(float(value), 4)
