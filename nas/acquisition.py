"""How much a network is expected to gain over the best that is known, from what a model believes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, ndtr

Floats = NDArray[np.float64]


def improvement(mean: Floats, variance: Floats, best: float) -> Floats:
    """Logarithm of the expected improvement over `best` (Jones et al. 1998, eq. 15).

    Written with erfcx, so that hopeless candidates keep an order (Ament et al. 2023, arXiv:2310.20708, §4.1).
    """
    deviation = np.sqrt(variance)
    steps = np.asarray((mean - best) / deviation, dtype=np.float64)
    near, far = np.maximum(steps, -1), np.clip(steps, -1e5, -1)
    density = np.exp(-(near**2) / 2) / np.sqrt(2 * np.pi)
    tail = np.log(1 + far * np.sqrt(np.pi / 2) * erfcx(-far / np.sqrt(2))) - far**2 / 2 - np.log(2 * np.pi) / 2
    return np.asarray(np.log(deviation) + np.where(steps > -1, np.log(density + near * ndtr(near)), tail))
