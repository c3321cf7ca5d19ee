"""Which networks of a pool to label: first those that tell most of all others, then those that may be the best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas.acquisition import improvement
from nas.calibration.features import Floats
from nas.calibration.gaussian import Belief, Kernels

PRIOR_NOISE = 0.1  # of a label, in units of the pool's variance, while none is known


def spread_out(between: Floats, macs: Floats, n: int, rng: np.random.Generator) -> list[int]:
    """`n` members of a pool, one from each of `n` strata of macs, in random order of the strata.

    From a stratum comes the network whose label lessens the prior variance of the whole pool most, the earlier ones
    being known (integrated variance: Seo et al. 2000; Cohn et al. 1996, arXiv:cs/9603104, §4). `between` is the prior
    covariance (pool, pool).
    """
    left = between.copy()
    order = np.empty(len(macs), dtype=np.intp)
    order[np.lexsort((rng.random(len(macs)), macs))] = np.arange(len(macs))
    stratum = order * n // len(macs)
    chosen: list[int] = []
    for wanted in rng.permutation(n):
        gain = (left**2).sum(axis=0) / (np.diag(left) + PRIOR_NOISE)
        gain[stratum != wanted] = -1.0
        best = int(gain.argmax())
        chosen.append(best)
        left -= np.outer(left[:, best], left[best]) / (left[best, best] + PRIOR_NOISE)
    return chosen


def prior_covariance(kernels: Kernels, features: dict[str, Floats]) -> Floats:
    """The covariance of a pool before any label, at the mean shares of the prior: (pool, pool)."""
    weights = kernels.weights
    return np.asarray(np.tensordot(weights / weights.sum(), kernels(features, features), 1))


def most_promising(belief: Belief, known: Sequence[int], closed: Sequence[int] = ()) -> int:
    """The member of the pool with the largest expected improvement on the best believed of the known ones.

    The posterior mean stands for the noisy labels. Known members and `closed` ones (their label failed) are left out.
    """
    merit = improvement(belief.mean, belief.sd**2, float(belief.mean[list(known)].max()))
    merit[[*known, *closed]] = -np.inf
    return int(merit.argmax())
