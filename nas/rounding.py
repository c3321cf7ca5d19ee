"""The named rounding rules: how a scaled width, depth or resolution becomes a whole number."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Literal

from nas.errors import ArchitectureError, unknown


@dataclass(frozen=True, slots=True)
class Rounding:
    """Widths go to the nearest multiple of `divisor` (at least `least`), one step up again when that loses
    more than 1 - `keep`; repeats go up ("ceil") or to the nearest; resolutions to the nearest multiple of
    `resolution_step`. `head_shrinks` says whether a width multiplier below 1 narrows the head."""

    divisor: int = 8
    least: int = 8
    keep: float = 0.9
    depth: Literal["ceil", "nearest"] = "ceil"
    head_shrinks: bool = True
    resolution_step: int = 1

    def channels(self, width: float) -> int:
        """A width as a whole number of channels."""
        nearest = max(self.least, int(width + self.divisor / 2) // self.divisor * self.divisor)
        return nearest + self.divisor if nearest < self.keep * width else nearest

    def repeats(self, depth: float) -> int:
        """A number of blocks, at least 0."""
        return ceil(round(depth, 9)) if self.depth == "ceil" else floor(depth + 0.5)

    def resolution(self, size: float) -> int:
        """A resolution in pixels."""
        return floor(size / self.resolution_step + 0.5) * self.resolution_step


ROUNDINGS: dict[str, Rounding] = {
    # tensorflow/tpu efficientnet_builder.py: round_filters (with the 0.9 rule) and round_repeats (ceil).
    "efficientnet": Rounding(),
    # google/automl effnetv2_model.py: the same without the 0.9 rule (16 × 1.2 gives 16, not 24).
    "efficientnetv2": Rounding(keep=0.0),
    # torchvision mobilenetv2.py _make_divisible; the last convolution does not shrink (arXiv:1801.04381 §4).
    "mobilenetv2": Rounding(head_shrinks=False),
    # huawei-noah/CV-Backbones ghostnet.py _make_divisible(…, 4); the last convolution stays (its depth has no rule).
    "ghostnet": Rounding(divisor=4, least=4, depth="nearest", head_shrinks=False),
    # The growth rates of DenseNets are 12, 24, 32, 40 and 48 (arXiv:1608.06993, Tables 1 and 2).
    "multiple_of_4": Rounding(divisor=4, least=4, keep=0.0, depth="nearest"),
    # Widths to multiples of 8, depths to the nearest: for networks whose authors published no rule (pycls's habit).
    "multiple_of_8": Rounding(keep=0.0, depth="nearest"),
    # The same where channels are a number of groups: four times 3, 4 and 8 of ShuffleNet (nas/blocks/shufflenet.py).
    "multiple_of_12": Rounding(divisor=12, least=12, keep=0.0, depth="nearest"),
    "multiple_of_16": Rounding(divisor=16, least=16, keep=0.0, depth="nearest"),
    "multiple_of_32": Rounding(divisor=32, least=32, keep=0.0, depth="nearest"),
    # Where group norm takes 32 groups of a quarter of the channels (BiT).
    "multiple_of_128": Rounding(divisor=128, least=128, keep=0.0, depth="nearest"),
    # To the nearest channel and block: no habit at all.
    "nearest": Rounding(divisor=1, least=1, keep=0.0, depth="nearest"),
}


def rounding_rule(name: str) -> Rounding:
    """The rule of that name; raises ArchitectureError for an unknown one."""
    if name not in ROUNDINGS:
        raise ArchitectureError(unknown("rounding rule", name, ROUNDINGS))
    return ROUNDINGS[name]
