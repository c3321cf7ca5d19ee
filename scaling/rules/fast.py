"""Fast compound scaling: mostly width, so that activations (and time) grow slowest (arXiv:2103.06877)."""

from __future__ import annotations

from nas.errors import ScaleError
from scaling.rules.rule import Factors, Rule

ALPHA = 0.8  # §4.2: dWr, α = 0.8


def fast(alpha: float = ALPHA) -> Rule:
    """Multiply-adds × 2^φ, of which width takes the share α, depth and resolution half of the rest each.

    With s = 2^φ: depth s^((1-α)/2), width and group width s^(α/2), resolution s^((1-α)/4); α = 0.8 is pycls's
    d1_w8_g8_r1, α = 1/3 the uniform dwr.
    """
    if not 0 <= alpha <= 1:
        raise ScaleError(f"rule fast: alpha={alpha:g} is a share; it must lie in [0, 1]")

    def factors(phi: float) -> Factors:
        rest = (1 - alpha) / 2
        wider = 2 ** (phi * alpha / 2)
        return Factors(2 ** (phi * rest), wider, 2 ** (phi * rest / 2), wider)

    return Rule("fast", "Dollár et al. 2021, arXiv:2103.06877 §4; pycls/models/scaler.py", factors)
