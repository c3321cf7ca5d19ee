"""Fits on labels: a Gaussian process, a hierarchical ridge, boosted trees; one is chosen by cross-validation.

Each label is one network (its runs are averaged), so that folds are grouped by network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from nas.calibration.features import Floats
from nas.calibration.gaussian import FREEDOM, Belief, Kernels, Posterior, Shares, rows
from nas.correlation import agreed
from nas.predictor.models import Trees
from nas.predictor.trees import Growth, fit_trees

FOLDS = 10
LEVEL = 0.95  # of the upper end of a 90 % interval
CHANCE = 0.05  # of leaving the first family for another that is no better

Groups = Mapping[str, Floats]
Model = Callable[[Groups], Belief]
Family = Callable[[Groups, Floats, Floats], Model]


def gaussian(known: Groups, labels: Floats, runs: Floats) -> Model:
    """The Gaussian process with smooth summands."""
    kernels = Kernels(tuple(known))
    return Posterior(kernels, Shares.drawn(kernels), known, labels, runs)


def ridge(known: Groups, labels: Floats, runs: Floats) -> Model:
    """The linear summands alone: a ridge with one penalty a group of features."""
    kernels = Kernels(tuple(known), smooth=False)
    return Posterior(kernels, Shares.drawn(kernels), known, labels, runs)


GROWTH = Growth(trees=100, depth=2, rate=0.1, rows=0.8, tests=0.5, shrinkage=1.0, cuts=8)


@dataclass(frozen=True, eq=False)
class Grove:
    """Boosted trees; how sure they are is not known of one network, but from their residuals."""

    trees: Trees
    unit: tuple[float, float]
    sd: float

    def __call__(self, asked: Groups) -> Belief:
        mean = self.unit[0] + self.unit[1] * self.trees(_joined(asked))
        return Belief(mean, np.full(len(mean), self.sd), np.full(len(mean), self.sd))


def trees(known: Groups, labels: Floats, runs: Floats) -> Model:
    """Boosted oblivious trees on all features."""
    unit = float(labels.mean()), float(labels.std()) or 1.0
    inputs, z = _joined(known), (labels - unit[0]) / unit[1]
    found = Trees(fit_trees(inputs, z, 0, GROWTH, np.random.default_rng(0)))
    return Grove(found, unit, unit[1] * max(float(np.std(z - found(inputs))), 0.1))


def _joined(features: Groups) -> Floats:
    return np.concatenate(list(features.values()), axis=1)


FAMILIES: dict[str, Family] = {"gaussian": gaussian, "ridge": ridge, "trees": trees}


class Fit(NamedTuple):
    """A model of labels, and what cross-validation found of it, in the labels' unit.

    An interval is `width` standard deviations of a label to either side.
    """

    family: str
    model: Model
    width: float
    spearman: float | None
    error: float  # root of the mean squared error of a left-out label
    errors: dict[str, float]  # of every family


def fit(known: Groups, labels: Floats, runs: Floats, rng: np.random.Generator) -> Fit:
    """The first family, unless the cross-validated error of another is significantly less."""
    return settled(held_out(known, labels, runs, rng), known, labels, runs, significant(len(labels)))


def significant(n: int) -> float:
    """Standard errors of a mean lead over `n` labels that chance gives any of the other families in one case of 20.

    Student's one-sided test, the level divided by the number of tests (Bonferroni). With 10 labels one standard error
    is reached by chance so often that trees were chosen in one fit of eight: results/calibration.md.
    """
    return float(stdtrit(n - 1, 1 - CHANCE / (len(FAMILIES) - 1)))


def held_out(known: Groups, labels: Floats, runs: Floats, rng: np.random.Generator) -> dict[str, Belief]:
    """What each family believes of each label without having seen it."""
    fold = rng.permutation(len(labels)) % min(FOLDS, len(labels))
    return {name: _held_out(family, known, labels, runs, fold) for name, family in FAMILIES.items()}


def settled(held: Mapping[str, Belief], known: Groups, labels: Floats, runs: Floats, lead: float) -> Fit:
    """The family of least held-out error; the first unless another is better by more than `lead` standard errors."""
    squared = {name: (found.mean - labels) ** 2 for name, found in held.items()}
    best, *others = FAMILIES
    for name in others:
        ahead = squared[best] - squared[name]
        if ahead.mean() > lead * ahead.std(ddof=1) / np.sqrt(len(ahead)):
            best = name
    found = held[best]
    return Fit(
        family=best,
        model=FAMILIES[best](known, labels, runs),
        width=_width((labels - found.mean) / found.label_sd),
        spearman=_spearman(found.mean, labels),
        error=float(np.sqrt(squared[best].mean())),
        errors={name: float(np.sqrt(values.mean())) for name, values in squared.items()},
    )


def _held_out(family: Family, known: Groups, labels: Floats, runs: Floats, fold: NDArray[np.intp]) -> Belief:
    """What each label is believed to be by a model that has not seen it."""
    parts = np.empty((3, len(labels)))
    for k in range(int(fold.max()) + 1):
        out, rest = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
        parts[:, out] = family(rows(known, rest), labels[rest], runs[rest])(rows(known, out))
    return Belief(*parts)


def _width(residuals: Floats) -> float:
    """Standard deviations in half a 90 % interval, from held-out residuals in such units, shrunk towards 1."""
    freedom = FREEDOM + len(residuals)
    return float(stdtrit(freedom, LEVEL) * np.sqrt((FREEDOM + (residuals**2).sum()) / freedom))


def _spearman(one: Floats, other: Floats) -> float | None:
    """Rank correlation; None where there is nothing to rank."""
    found = agreed(one, other)
    return None if found is None else round(found, 4)
