"""The link in which effects of choices add up: u = (1 - top1 / 100) ** -POWER."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

POWER = 1.5  # highest evidence among log, 1, 1.5, 2 and 3 (results/predictor.md)


def to_link(top1: ArrayLike) -> Floats:
    """Percent top-1 -> link units (60 % is 3.95, 67 % is 5.28)."""
    return np.asarray((1 - np.asarray(top1, dtype=np.float64) / 100) ** -POWER)


def from_link(u: Floats) -> Floats:
    """Link units -> percent top-1; below 1 would be an error rate over 100 %, and is cut there."""
    return np.asarray(100 - 100 * np.maximum(u, 1.0) ** (-1 / POWER))
