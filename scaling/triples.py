"""The grid of α, β, γ: every triple whose cost product is near a target (arXiv:1905.11946 §3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from nas.errors import ScaleError
from scaling.rules import ALPHA, BETA, GAMMA

MOST = 5000  # triples; each is evaluated


class Triple(NamedTuple):
    """Growth of depth, width and resolution at φ = 1."""

    alpha: float
    beta: float
    gamma: float

    @property
    def product(self) -> float:
        """α·β²·γ²: the nominal growth of multiply-adds."""
        return self.alpha * self.beta**2 * self.gamma**2


PAPER = Triple(ALPHA, BETA, GAMMA)


def triples(product: float, tolerance: float, step: float) -> list[Triple]:
    """All (α, β, γ) ≥ 1 on a grid of `step` with |α·β²·γ² - product| ≤ tolerance, and the paper's; exact arithmetic.

    Raises ScaleError where the grid has none, or more than can be evaluated.
    """
    if not (0 < step <= 1 and 0 <= tolerance < 64 and 1 <= product <= 64):
        raise ScaleError(
            f"product {product:g}, tolerance {tolerance:g}, step {step:g}: the product lies in [1, 64] (α, β, γ ≥ 1), "
            "the step in (0, 1]"
        )
    target, slack, grid = (Fraction(str(value)) for value in (product, tolerance, step))
    if (target + slack) / grid > 10_000:
        raise ScaleError(f"step {step:g} makes too fine a grid; try a larger one")
    found = []
    for alpha in _axis(target + slack, grid, 1):
        for beta in _axis((target + slack) / alpha, grid, 2):
            for gamma in _axis((target + slack) / (alpha * beta**2), grid, 2):
                if abs(alpha * beta**2 * gamma**2 - target) <= slack:
                    found.append(Triple(float(alpha), float(beta), float(gamma)))
                    if len(found) > MOST:
                        raise ScaleError(f"more than {MOST:,} triples; take a larger step or a smaller tolerance")
    if not found:
        raise ScaleError(f"no α, β, γ ≥ 1 on a grid of {step:g} has α·β²·γ² = {product:g} ± {tolerance:g}")
    return found if PAPER in found else [*found, PAPER]


def _axis(most: Fraction, grid: Fraction, power: int) -> Iterator[Fraction]:
    value = Fraction(1)
    while value**power <= most:
        yield value
        value += grid
