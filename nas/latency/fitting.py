"""Fitting: from the times of blocks to those of whole networks, by whichever of two sums cross-validates better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def coefficients(rows: NDArray[np.float64], times: Vector) -> Vector:
    """Non-negative times per unit of each feature, by least squares of the relative errors: (features,).

    `rows` are (blocks, features), `times` (blocks,).
    """
    from scipy.optimize import nnls

    sizes = np.maximum(rows.max(axis=0, initial=0.0), 1e-30)
    found, _ = nnls(rows / sizes / times[:, None], np.ones(len(times)))
    return np.asarray(found / sizes)


def affine(sums: Vector, times: Vector) -> tuple[float, float]:
    """Scale and offset, both at least 0, by least squares of the relative errors: time ≈ offset + scale · sum."""
    from scipy.optimize import nnls

    unit = times.mean()
    rows = np.column_stack([sums, np.full(len(sums), unit)])
    (scale, offset), _ = nnls(rows / times[:, None], np.ones(len(times)))
    return float(scale), float(offset * unit)


def cross_validated(sums: Vector, times: Vector) -> float:
    """The mean relative error where each network is predicted by a fit to the others."""
    errors = []
    for left_out in range(len(times)):
        kept = np.arange(len(times)) != left_out
        scale, offset = affine(sums[kept], times[kept])
        errors.append(abs((offset + scale * sums[left_out]) / times[left_out] - 1))
    return float(np.mean(errors))


def mean_error(predicted: Sequence[float] | Vector, measured: Sequence[float] | Vector) -> float:
    """The mean relative error (what papers call MAPE, as a share)."""
    return float(np.mean(np.abs(np.asarray(predicted) / np.asarray(measured) - 1))) if len(measured) else 0.0


def within(predicted: Sequence[float] | Vector, measured: Sequence[float] | Vector, share: float = 0.1) -> float:
    """The share of predictions within ± `share` of what was measured."""
    return float(np.mean(np.abs(np.asarray(predicted) / np.asarray(measured) - 1) <= share)) if len(measured) else 0.0


def rank_correlation(predicted: Sequence[float] | Vector, measured: Sequence[float] | Vector) -> float:
    """Spearman's; 0 where either does not vary."""
    from nas.correlation import agreed

    return agreed(np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64), fewest=2) or 0.0
