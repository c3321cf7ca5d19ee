"""Fitting the ridge: penalties of some 2,200 terms from some 50 hyper-parameters by maximum evidence (MacKay 1992).

A term's prior variance is exp(order + the sum over its contrasts of one knob a stage, slot and degree), so that a
slot which matters alone is also allowed to interact. No randomness but that of the summary of the posterior.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from nas.predictor.features import TOTALS, Codes, FeatureMap
from nas.predictor.link import Floats
from nas.predictor.terms import design, terms

STEPS = 30  # of L-BFGS on the hyper-parameters; 15 cost 0.3 % in held-out error
SUMMARISED = 2000  # architectures on which the posterior variance is summarised


class Posterior(NamedTuple):
    """Gaussian over the coefficients: mean, and the factors of the covariance (root L^-T L^-1 root)."""

    mean: Floats
    root: Floats
    lower: Floats
    noise: float
    hyper: Floats


def evidence_fit(f: Floats, y: Floats, knobs: Floats, start: Floats, steps: int) -> Posterior:
    """Coefficients of centred columns `f` for centred `y`; `steps` of L-BFGS on the hyper-parameters.

    The last hyper-parameter is the log noise variance; a wide normal prior (sd 2) holds the others near `start`.
    """
    gram, fy, yy, n = f.T @ f, f.T @ y, float(y @ y), len(y)

    def posterior(hyper: Floats) -> Posterior:
        root, noise = np.exp(np.clip(knobs @ hyper[:-1], -25, 3) / 2), float(np.exp(hyper[-1]))
        m = gram * np.outer(root, root / noise)
        m[np.diag_indices_from(m)] += 1
        lower = cholesky(m, lower=True, overwrite_a=True, check_finite=False)
        mean = root * cho_solve((lower, True), root * fy / noise, check_finite=False)
        return Posterior(mean, root, lower, noise, hyper)

    def loss(hyper: Floats) -> tuple[float, Floats]:
        mean, root, lower, noise, _ = posterior(hyper)
        inverse = solve_triangular(lower, np.eye(len(root)), lower=True, check_finite=False)
        variance = (inverse**2).sum(axis=0)  # of the whitened coefficients
        value = np.log(np.diag(lower)).sum() + (n * np.log(noise) + (yy - fy @ mean) / noise) / 2
        by_term = (1 - variance - (mean / root) ** 2) / 2
        by_noise = (n - len(root) + variance.sum() - (yy - 2 * mean @ fy + mean @ gram @ mean) / noise) / 2
        pull = (hyper[:-1] - start[:-1]) / 4
        return float(value + 2 * pull @ pull), np.append(knobs.T @ by_term + pull, by_noise)

    if not steps:
        return posterior(start)
    return posterior(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps}).x)


class RidgeFit(NamedTuple):
    """The coefficients that `models.Ridge` reads, and what only fitting needs."""

    document: dict[str, Any]
    hyper: Floats
    log_posterior_variance: list[Floats]


def fit_ridge(
    features: FeatureMap, codes: Codes, u: Floats, rng: np.random.Generator, hyper: Floats | None = None
) -> RidgeFit:
    """Ridge for link values `u`, with the given hyper-parameters or else with those of maximum evidence."""
    names, knobs, start = terms(features)
    f, scaling = design(features, codes, names)
    centre, scale, shift = f.mean(axis=0), u.std(), u.mean()
    f -= centre
    first, steps = (np.append(start, -4.5), STEPS) if hyper is None else (hyper, 0)
    post = evidence_fit(f, (u - shift) / scale, knobs, first, steps)
    coefficients = post.mean * scale
    of_terms, linear, products = np.split(coefficients, [len(names), len(names) + len(TOTALS)])
    totals = {"mean": scaling.mean, "sd": scaling.sd, "linear": linear, "quadratic": products / scaling.product_sd}
    document = {
        "intercept": round(float(shift - centre @ coefficients), 6),
        "terms": {name: float(f"{c:.4g}") for name, c in zip(names, of_terms, strict=True)},
        "totals": {key: [float(f"{v:.6g}") for v in values] for key, values in totals.items()},
    }
    sample = np.stack([rng.integers(0, n, SUMMARISED) for n in features.options], axis=1)
    g = (design(features, sample, names, scaling)[0] - centre) * post.root
    variance = (solve_triangular(post.lower, g.T, lower=True, check_finite=False) ** 2).sum(axis=0) * scale**2
    return RidgeFit(document, post.hyper, _additive(features, sample, np.log(variance)))


def _additive(features: FeatureMap, codes: Codes, values: Floats) -> list[Floats]:
    """Least-squares tables t_b with values ≈ the sum over stages of t_b[code]."""
    hot = np.concatenate([np.eye(n)[codes[:, b]] for b, n in enumerate(features.options)], axis=1)
    flat = np.linalg.lstsq(hot, values, rcond=None)[0]
    return np.split(flat, np.cumsum(features.options)[:-1])
