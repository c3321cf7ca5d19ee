"""Rank correlations of scores with labels: Spearman's rho and Kendall's tau-b, ties ranked at their mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata

Floats = NDArray[np.float64]

FEWEST = 3  # pairs: two are always in order, or turned around


def spearman(scores: Floats, labels: Floats) -> Floats:
    """Spearman's rho of each set, a line of (sets, n); 0 where all of one are equal: such scores rank nothing."""
    one, other = (rankdata(values, axis=1) for values in (scores, labels))
    one -= one.mean(axis=1, keepdims=True)
    other -= other.mean(axis=1, keepdims=True)
    scale = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return np.asarray((one * other).sum(axis=1) / np.where(scale > 0, scale, 1.0))


def kendall(scores: Floats, labels: Floats) -> Floats:
    """Kendall's tau-b of each set, likewise."""
    found = [kendalltau(*pair).statistic for pair in zip(scores, labels, strict=True)]
    return np.asarray(np.nan_to_num(found), dtype=np.float64)


def agreed(
    one: Floats, other: Floats, figure: Callable[[Floats, Floats], Floats] = spearman, fewest: int = FEWEST
) -> float | None:
    """The `figure` of two arrays (n,) where both are finite; None where that leaves nothing to rank."""
    both = np.isfinite(one) & np.isfinite(other)
    one, other = one[both], other[both]
    if len(one) < fewest or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(figure(one[None], other[None])[0])
