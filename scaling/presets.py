"""The released members of the scaled families, as multipliers of their base.

They were set by hand, not computed from a φ: the φ that each axis implies is told beside them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from nas import zoo
from nas.architecture import Architecture
from nas.errors import ScaleError, unknown
from nas.multiplying import multiply
from nas.zoo.efficientnet import RELEASED, V2_RELEASED, V2_SIZES
from scaling.rules import ALPHA, BETA, GAMMA


class Preset(NamedTuple):
    """A released `member` of the zoo, and its multipliers of `base`; `exact` says that they give the member's table."""

    base: str
    member: str
    width: float
    depth: float
    resolution: int
    exact: bool = True


# No rule is published for V2-S, M, L; these multipliers of V2-B0 come nearest (L's widths exactly, M misses
# one, S two; M and L add layers late): derived from google/automl effnetv2_configs.py.
_V2_NEAREST = {"s": (1.4, 1.8), "m": (1.6, 2.2), "l": (2.0, 3.1)}

PRESETS: dict[str, Preset] = {
    **{
        size: Preset("efficientnet_b0", f"efficientnet_{size}", r.width, r.depth, r.resolution)
        for size, r in RELEASED.items()
    },
    **{
        f"v2-{size}": Preset("efficientnetv2_b0", f"efficientnetv2_{size}", r.width, r.depth, r.resolution)
        for size, r in V2_RELEASED.items()
    },
    **{
        f"v2-{size}": Preset("efficientnetv2_b0", f"efficientnet_v2_{size}", *factors, V2_SIZES[size][0], exact=False)
        for size, factors in _V2_NEAREST.items()
    },
}


def preset_named(name: str) -> Preset:
    """The preset of that name; raises ScaleError for an unknown one."""
    if name not in PRESETS:
        raise ScaleError(unknown("preset", name, PRESETS))
    return PRESETS[name]


def apply(architecture: Architecture, name: str, *, rounding: str | None = None) -> Architecture:
    """The released member when `architecture` is its base; any other architecture × the member's multipliers."""
    preset = preset_named(name)
    base = zoo.architecture(preset.base)
    if architecture == base and rounding is None:
        return zoo.architecture(preset.member)
    grown = preset.resolution / base.resolution
    return multiply(architecture, width=preset.width, depth=preset.depth, resolution=grown, rounding=rounding)


def implied_phi(preset: Preset) -> dict[str, float]:
    """The φ at which each axis of compound scaling would give the preset's multiplier."""
    base = zoo.architecture(preset.base)
    return {
        "depth": math.log(preset.depth, ALPHA),
        "width": math.log(preset.width, BETA),
        "resolution": math.log(preset.resolution / base.resolution, GAMMA),
    }
