"""A Gaussian process over networks: what is expected of candidates, and which are worth evaluating next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, solve_triangular

from nas.acquisition import improvement
from nas.space import Genomes, Space

Floats = NDArray[np.float64]

# The grid from which the likelihood chooses: length over which slots forget each other (in shares of all slots),
# weight of the costs beside the slots, noise beside both.
LENGTHS, TILTS, NOISES = (0.3, 0.6, 1.2), (0.0, 0.3, 1.0, 3.0), (1e-3, 1e-2, 1e-1)
MOST_COMPARED = 128  # rows on which the grid is compared
FLOOR = 0.3  # of the median distance to the best: distances below are told apart ever less


@dataclass(frozen=True)
class Features:
    """Networks as numbers: slots one-hot (n, choices), and logarithms of their costs (n, metrics)."""

    slots: NDArray[np.float32]
    costs: NDArray[np.float32]

    def take(self, rows: Any) -> Features:
        """Some of the rows."""
        return Features(self.slots[rows], self.costs[rows])

    def joined(self, other: Features) -> Features:
        """These rows, then the other's."""
        return Features(np.concatenate([self.slots, other.slots]), np.concatenate([self.costs, other.costs]))


class Reader:
    """Turns genomes of a space into Features; costs are standardised over `sample` (n, slots)."""

    def __init__(self, space: Space, sample: Genomes) -> None:
        self.space = space
        sizes = [*space.slots.values()]
        self._first, self._choices = np.cumsum([0, *sizes[:-1]]), sum(sizes)  # columns of the one-hot block
        costs = self._costs(sample)
        spread = costs.std(axis=0)
        self._centre, self._spread = costs.mean(axis=0), np.where(spread > 1e-9, spread, 1.0)

    def _costs(self, genomes: Genomes) -> Floats:
        return np.asarray(np.log(np.stack([*self.space.costs(genomes).values()], axis=1) + 1.0))

    def read(self, genomes: Genomes) -> Features:
        """Features of genomes (n, slots); both blocks have inner products of order one."""
        slots = np.zeros((len(genomes), self._choices), dtype=np.float32)
        np.put_along_axis(slots, genomes + self._first, 1 / np.sqrt(genomes.shape[1]), axis=1)
        costs = (self._costs(genomes) - self._centre) / self._spread / np.sqrt(len(self._centre))
        return Features(slots, costs.astype(np.float32))


@dataclass(frozen=True)
class Kernel:
    """Likeness of networks: exp(-share of slots that differ / length) + tilt × inner product of their costs."""

    length: float
    tilt: float
    noise: float

    def between(self, left: Features, right: Features) -> NDArray[np.float32]:
        """The matrix of (rows of `left`, rows of `right`)."""
        alike: NDArray[np.float32] = left.slots @ right.slots.T
        alike -= 1
        alike /= np.float32(self.length)
        np.exp(alike, out=alike)
        if self.tilt:
            alike += np.float32(self.tilt) * (left.costs @ right.costs.T)
        return alike

    def own(self, rows: Features) -> NDArray[np.float32]:
        """Each row with itself: (n,)."""
        return np.asarray(1 + np.float32(self.tilt) * np.einsum("ij,ij->i", rows.costs, rows.costs))


def grid() -> Iterator[Kernel]:
    """Every kernel that the likelihood chooses from."""
    return (Kernel(*cell) for cell in product(LENGTHS, TILTS, NOISES))


def warped(scores: Floats) -> Floats:
    """Scores (n,) as -log(distance to the best), centred: the best are told apart, an outlier below is not heard."""
    scores = scores / max(1.0, float(np.abs(scores).max()))  # distances of huge scores stay finite
    gaps = scores.max() - scores
    middle = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else 0.0
    if middle == 0:
        return np.zeros(len(scores))
    shifted = -np.log(gaps / middle + FLOOR)
    return np.asarray((shifted - shifted.mean()) / shifted.std())


@dataclass(frozen=True)
class Process:
    """A Gaussian process that has seen `rows`: Rasmussen & Williams 2006, Algorithm 2.1."""

    kernel: Kernel
    rows: Features
    lower: Floats  # Cholesky factor of the kernel matrix
    weights: Floats
    scale: float  # variance that the likelihood gives the whole kernel

    @classmethod
    def fitted(cls, rows: Features, values: Floats) -> Process:
        """The process of the grid under which the values (n,) are likeliest."""
        some = np.linspace(0, len(values) - 1, min(len(values), MOST_COMPARED)).round().astype(np.intp)
        few = rows.take(some)
        best = max(grid(), key=lambda kernel: cls.of(kernel, few, values[some]).log_likelihood)
        return cls.of(best, rows, values)

    @classmethod
    def of(cls, kernel: Kernel, rows: Features, values: Floats) -> Process:
        """The process with one kernel."""
        matrix: Floats = kernel.between(rows, rows).astype(np.float64)
        matrix[np.diag_indices_from(matrix)] += kernel.noise
        lower = np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
        weights = cho_solve((lower, True), values, check_finite=False)
        return cls(kernel, rows, lower, weights, max(float(values @ weights) / len(values), 1e-12))

    @property
    def log_likelihood(self) -> float:
        """Of the values, with the scale at its own best; up to a constant."""
        return float(-len(self.weights) / 2 * np.log(self.scale) - np.log(np.diag(self.lower)).sum())

    def believing(self, rows: Features) -> Process:
        """The process after seeing its own expectation of further rows (kriging believer: Ginsbourger et al. 2010)."""
        if not len(rows.slots):
            return self
        values = self.lower @ (self.lower.T @ self.weights)
        more = Process.of(self.kernel, self.rows.joined(rows), np.concatenate([values, self.means(rows)]))
        return replace(more, scale=self.scale)

    def means(self, rows: Features) -> Floats:
        """Expected values (n,)."""
        return np.asarray(self.kernel.between(rows, self.rows) @ self.weights, dtype=np.float64)

    def predict(self, rows: Features) -> tuple[Floats, Floats, NDArray[np.float32]]:
        """Expected values (n,), their variances (n,), and the half (seen, n) from which covariances follow."""
        across = self.kernel.between(self.rows, rows)
        half = solve_triangular(self.lower.astype(np.float32), across, lower=True, check_finite=False)
        left = self.kernel.own(rows) - np.einsum("ij,ij->j", half, half)
        mean = self.weights.astype(np.float32) @ across
        return mean.astype(np.float64), self.scale * np.maximum(left, 1e-6).astype(np.float64), half

    def queue(self, rows: Features, best: float, length: int) -> NDArray[np.intp]:
        """Rows to evaluate one after the other, each chosen as if those before it had come out as expected."""
        mean, variance, half = self.predict(rows)
        covariance = self.scale * (self.kernel.between(rows, rows) - half.T @ half)
        chosen: list[int] = []
        for _ in range(min(length, len(mean))):
            merit = improvement(mean, variance, best)
            merit[chosen] = -np.inf
            chosen.append(row := int(merit.argmax()))
            column = covariance[:, row] / np.sqrt(variance[row] + self.scale * self.kernel.noise)
            variance = np.maximum(variance - column**2, 1e-6 * self.scale)
            covariance -= np.outer(column, column)
        return np.array(chosen, dtype=np.intp)
