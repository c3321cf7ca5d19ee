"""EfficientNet's compound scaling: one φ for depth, width and resolution."""

from __future__ import annotations

import math

from nas.architecture import Architecture
from nas.errors import ScaleError
from nas.multiplying import multiply

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15  # arXiv:1905.11946 §3.3: found by a grid search at φ = 1, α·β²·γ² ≈ 2


def multipliers(phi: float) -> dict[str, float]:
    """Depth α^φ, width β^φ and resolution γ^φ; raises ScaleError for a φ out of bounds."""
    if not (math.isfinite(phi) and abs(phi) <= 30):
        raise ScaleError(f"phi={phi:g} is out of bounds; it must lie in [-30, 30]")
    return {"depth": ALPHA**phi, "width": BETA**phi, "resolution": GAMMA**phi}


def scale(architecture: Architecture, phi: float, *, rounding: str | None = None) -> Architecture:
    """The architecture with depth × 1.2^φ, width × 1.1^φ, resolution × 1.15^φ; φ may be fractional or negative.

    `rounding` names the rule for whole numbers (default: the family's own); the resolution goes to the
    nearest pixel. Raises ScaleError when a stage vanishes or a size exceeds its bound.
    """
    factors = multipliers(phi)
    try:
        return multiply(architecture, **factors, rounding=rounding)
    except ScaleError as error:
        raise ScaleError(f"phi={phi:g}: {error}") from None
