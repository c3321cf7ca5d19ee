"""What a scaling rule is: from a φ to the multipliers of depth, width and image size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from nas.architecture import Architecture
from nas.errors import ScaleError
from nas.rounding import Rounding

MOST = 30  # |φ|: α^30 is already 237


@dataclass(frozen=True, slots=True)
class Factors:
    """Multipliers of repeats, free widths, image size, and the width of a group in grouped convolutions."""

    depth: float = 1.0
    width: float = 1.0
    resolution: float = 1.0
    group_width: float = 1.0


Finish: TypeAlias = Callable[[Architecture, Architecture, Factors, Rounding], Architecture]
Replace: TypeAlias = Callable[[Architecture, Factors, Rounding], Architecture]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule: `factors` of a φ, and what it does beyond multiplying (`finish`, of the base
    and the multiplied table).

    `replaces` makes the scaled table from the base by itself, for rules that do not multiply. `largest` is the
    rule's own cap on the image size in pixels. `source` cites the paper.
    """

    name: str
    source: str
    factors: Callable[[float], Factors]
    finish: Finish | None = None
    replaces: Replace | None = None
    largest: int | None = None

    def at(self, phi: float) -> Factors:
        """The factors at φ; raises ScaleError for a φ out of bounds."""
        if not (math.isfinite(phi) and abs(phi) <= MOST):
            raise ScaleError(f"phi={phi:g} is out of bounds; it must lie in [-{MOST}, {MOST}]")
        return self.factors(phi)


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that each axis may reach: multipliers of depth and width, and the image size in pixels."""

    depth: float | None = None
    width: float | None = None
    resolution: int | None = None

    def bound(self, factors: Factors, size: int) -> Factors:
        """The factors within the caps, for a base of `size` pixels; raises ScaleError for a cap below the base."""
        for axis, cap in (("depth", self.depth), ("width", self.width)):
            if cap is not None and not cap >= 1:
                raise ScaleError(f"the cap on {axis}, × {cap:g}, lies below the base; it must be at least 1")
        if self.resolution is not None and self.resolution < size:
            raise ScaleError(f"the cap on resolution, {self.resolution} px, lies below the base's {size} px")
        most = math.inf if self.resolution is None else self.resolution / size
        width = min(factors.width, self.width or math.inf)
        group_width = factors.group_width if width == factors.width else min(factors.group_width, width)
        return Factors(min(factors.depth, self.depth or math.inf), width, min(factors.resolution, most), group_width)
