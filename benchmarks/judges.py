"""Judges for the winner experiments: models unlike the predictor, to be fitted on rows that it never saw."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky
from scipy.optimize import minimize

from nas.predictor.data import Rows
from nas.predictor.features import FeatureMap
from nas.predictor.link import from_link, to_link
from nas.predictor.terms import design, terms
from nas.space import Genomes

Judge = Callable[[Genomes], NDArray[np.float64]]  # genomes (n, 28) -> percent top-1 (n,)


def least_squares(features: FeatureMap, rows: Rows, penalty: float = 3.0) -> Judge:
    """Pairwise least squares with hardly any penalty (linear × linear terms only): noisy, but hardly shrunk."""
    slots = ("e", "k", "l", "se")
    names = [n for n in terms(features).names if " " not in n or all(part[2:] in slots for part in n.split(" "))]
    f, scaling = design(features, features.codes(rows.genomes), names)
    f = f[:, : len(names)]
    u, centre = to_link(rows.top1), f.mean(axis=0)
    f = f - centre
    coef = cho_solve(cho_factor(f.T @ f + penalty * np.eye(f.shape[1])), f.T @ (u - u.mean()))

    def judge(genomes: Genomes) -> NDArray[np.float64]:
        columns = design(features, features.codes(genomes), names, scaling)[0][:, : len(names)]
        return from_link(u.mean() + (columns - centre) @ coef)

    return judge


def gaussian_process(rows: Rows, rng: np.random.Generator, subset: int = 800) -> Judge:
    """Exact Gaussian process on -log(error), kernel = exp(-sum over slots |step| / length): it reverts to the mean.

    The 28 lengths, signal and noise maximise the likelihood of `subset` rows (automatic relevance determination).
    """
    x, y = rows.genomes.astype(np.float64), -np.log(100 - rows.top1)
    shift, scale = y.mean(), y.std()
    y = (y - shift) / scale
    some = rng.permutation(len(x))[:subset]
    steps = np.abs(x[some][:, None, :] - x[some][None, :, :])
    slots = x.shape[1]

    def loss(h: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        rate, signal, noise = np.exp(h[:slots]), np.exp(h[slots]), np.exp(h[slots + 1])
        k = signal * np.exp(-steps @ rate)
        lower = cholesky(k + (noise + 1e-6) * np.eye(len(some)), lower=True)
        inverse = cho_solve((lower, True), np.eye(len(some)))
        a = inverse @ y[some]
        g = (inverse - np.outer(a, a)) / 2
        gk = g * k
        prior = (h[:slots] + 3.5) / 4
        value = y[some] @ a / 2 + np.log(np.diag(lower)).sum() + 2 * prior @ prior
        by_rate = -np.einsum("ij,ijs->s", gk, steps) * rate + prior
        return value, np.concatenate([by_rate, [gk.sum(), noise * np.trace(g)]])

    start = np.append(np.full(slots, -3.5), [1.0, -3.5])
    h = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 40}).x
    rate, signal, noise = np.exp(h[:slots]), np.exp(h[slots]), np.exp(h[slots + 1])

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros((len(a), len(b)))
        for s in range(slots):
            total += rate[s] * np.abs(a[:, s, None] - b[None, :, s])
        return signal * np.exp(-total)

    alpha = cho_solve(cho_factor(kernel(x, x) + noise * np.eye(len(x))), y)

    def judge(genomes: Genomes) -> NDArray[np.float64]:
        return 100 - np.exp(-(shift + scale * (kernel(genomes.astype(np.float64), x) @ alpha)))

    return judge
