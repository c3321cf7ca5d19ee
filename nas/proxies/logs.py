"""Logarithms of what may be 0 or beyond floating point: a score, or the reason why there is none."""

from __future__ import annotations

import math

from nas.errors import EvaluatorError


def log(value: float, zero: str) -> float:
    """log(value); EvaluatorError with the reason for a value of `zero`, and for one that is not finite."""
    if not math.isfinite(value):
        raise EvaluatorError(f"the sum is {value}: values beyond floating point")
    if value <= 0:
        raise EvaluatorError(zero)
    return math.log(value)
