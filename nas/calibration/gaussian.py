"""A Gaussian process for a handful of labels: a sum of kernels whose shares are averaged over, not fitted.

    worth = mean + Σ over groups (linear in the group) + smooth (totals and trends) + smooth (stages) + noise

The shares of the summands and of the noise are drawn from a prior, and each draw counts by its marginal likelihood:
with 10 labels one most likely set of shares would be chosen by chance (Rasmussen & Williams 2006, §5.2 and §5.4). The
mean has a flat prior (§2.7), the overall variance an inverse-gamma one, so that the posterior of a draw is a Student t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from nas.calibration.features import Floats

DRAWS = 256  # of the shares
NOISE = (0.005, 0.3)  # of the variance of labels, log-uniform
FREEDOM = 4.0  # of the prior of the variance, which says 1 for standardised labels
LEAST = 1e-4  # weight below which a draw is left out of predictions
BATCH = 2048

# Dirichlet weights of the shares, chosen on NAS-Bench-Macro.
LINEAR = {"costs": 1.0, "totals": 1.0, "trends": 1.0, "stages": 0.5, "proxies": 1.0}
SMOOTH = {("totals", "trends"): 0.5, ("stages",): 0.5}


@dataclass(frozen=True)
class Kernels:
    """The summands: linear kernels of groups, and squared exponentials of distances over several groups together.

    Both are 1 on average on the diagonal over the pool; a distance is relative to its mean over the pool.
    """

    groups: tuple[str, ...]
    smooth: bool = True

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]:
        """The groups of each smooth summand."""
        found = [tuple(g for g in part if g in self.groups) for part in SMOOTH] if self.smooth else []
        return tuple(part for part in found if part)

    @property
    def weights(self) -> Floats:
        """Dirichlet weights, one a summand."""
        kept = [SMOOTH[part] for part in SMOOTH if self.smooth and any(g in self.groups for g in part)]
        return np.array([*(LINEAR[group] for group in self.groups), *kept])

    def __call__(self, one: Mapping[str, Floats], other: Mapping[str, Floats]) -> Floats:
        """(summands, n, m) between networks given by their groups of features."""
        linear = [one[group] @ other[group].T for group in self.groups]
        smooth = [np.exp(-sum(_squared(one[g], other[g]) for g in part) / (4 * len(part))) for part in self.parts]
        return np.stack([*linear, *smooth])

    def diagonal(self, one: Mapping[str, Floats]) -> Floats:
        """(summands, n): each network with itself."""
        linear = [(one[group] ** 2).sum(axis=1) for group in self.groups]
        return np.stack([*linear, *[np.ones(len(one[self.groups[0]])) for _ in self.parts]])


def _squared(one: Floats, other: Floats) -> Floats:
    """Squared distances (n, m); their mean over a pool of average length 1 is 2."""
    found = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.maximum(found, 0.0))


class Belief(NamedTuple):
    """Mean and standard deviation of the worth of networks (n,), and the standard deviation of one more label."""

    mean: Floats
    sd: Floats
    label_sd: Floats


@dataclass(frozen=True, eq=False)
class Shares:
    """Draws of the prior: shares of the summands (draws, summands) and of the noise (draws,)."""

    kernel: Floats
    noise: Floats

    @classmethod
    def drawn(cls, kernels: Kernels) -> Shares:
        """The same draws every time: they are the nodes of an integral."""
        rng = np.random.default_rng(0)
        low, high = np.log(NOISE)
        return cls(rng.dirichlet(kernels.weights, DRAWS), np.exp(rng.uniform(low, high, DRAWS)))


@dataclass(frozen=True, eq=False)
class Posterior:
    """What labels (n,) of networks tell: `known` are their groups of features, `runs` how many runs each label is."""

    kernels: Kernels
    shares: Shares
    known: Mapping[str, Floats]
    labels: Floats
    runs: Floats

    @cached_property
    def _unit(self) -> tuple[float, float]:
        return float(self.labels.mean()), float(self.labels.std()) or 1.0

    @cached_property
    def _solved(self) -> tuple[Floats, ...]:
        """Of each draw: inverse of the covariance, pull of the labels, mean, weight, variance, and inverse @ 1."""
        z = (self.labels - self._unit[0]) / self._unit[1]
        between = self.kernels(self.known, self.known)
        noise = self.shares.noise[:, None, None] * np.diag(1 / self.runs)
        covariance = np.einsum("sg,gij->sij", self.shares.kernel, between) + noise
        inverse = np.linalg.inv(covariance)
        ones = inverse.sum(axis=2)
        one = ones.sum(axis=1)
        mean = ones @ z / one
        rest = z - mean[:, None]
        pull = np.einsum("sij,sj->si", inverse, rest)
        freedom = FREEDOM + len(z) - 1
        spent = FREEDOM + (rest * pull).sum(axis=1)
        log = -0.5 * (np.linalg.slogdet(covariance)[1] + np.log(one) + freedom * np.log(spent))
        return inverse, pull, mean, np.exp(log - logsumexp(log)), spent / freedom, ones

    def __call__(self, asked: Mapping[str, Floats]) -> Belief:
        """What is believed of networks, given by their groups of features."""
        n = len(asked[self.kernels.groups[0]])
        parts = [self._batch({g: f[i : i + BATCH] for g, f in asked.items()}) for i in range(0, max(1, n), BATCH)]
        return Belief(*map(np.concatenate, zip(*parts, strict=True)))

    def _batch(self, asked: Mapping[str, Floats]) -> Belief:
        inverse, pull, means, weights, variances, ones = self._solved
        kept = np.flatnonzero(weights > LEAST)
        total = weights[kept].sum()
        across, own = self.kernels(asked, self.known), self.kernels.diagonal(asked)
        mean, second, noise = np.zeros((3, own.shape[1]))
        for draw in kept:
            share, weight = self.shares.kernel[draw], weights[draw] / total
            reach = np.tensordot(share, across, 1)
            found = means[draw] + reach @ pull[draw]
            left = share @ own - ((reach @ inverse[draw]) * reach).sum(axis=1)
            left += (1 - reach @ ones[draw]) ** 2 / ones[draw].sum()  # what is not known of the mean
            mean += weight * found
            second += weight * (found**2 + variances[draw] * np.maximum(left, 0.0))
            noise += weight * variances[draw] * self.shares.noise[draw]
        shift, unit = self._unit
        variance = np.maximum(second - mean**2, 1e-12)
        return Belief(shift + unit * mean, unit * np.sqrt(variance), unit * np.sqrt(variance + noise))


def rows(features: Mapping[str, Floats], chosen: NDArray[np.intp]) -> dict[str, Floats]:
    """Some of the networks."""
    return {group: values[chosen] for group, values in features.items()}
