"""RegNet's X block, and with squeeze-excite its Y block (Radosavovic et al. 2020, arXiv:2003.13678, Figure 4, §4)."""

from __future__ import annotations

from dataclasses import replace
from math import lcm
from typing import Annotated, Literal

from pydantic import Field, model_validator

from nas.blocks.recipe import Recipe, Value, Width
from nas.blocks.resnet import shortcut
from nas.blocks.row import Channels, Ratio, Stage
from nas.errors import ArchitectureError
from nas.rounding import Rounding


class RegNetBlock(Stage):
    """1×1 to `bottleneck` × `channels`, 3×3 in groups of `group_width`, 1×1 to `channels`, added to the shortcut.

    `se` squeezes behind the 3×3 to that ratio of the block's input (0: none, an X block; 0.25: a Y block).
    """

    block: Literal["regnet"] = "regnet"
    group_width: Channels
    bottleneck: Ratio = 1.0
    se: Annotated[float, Field(ge=0, le=1)] = 0

    @model_validator(mode="after")
    def _groups_fit(self) -> RegNetBlock:
        if self.bottleneck > 1 and self.bottleneck % 1:
            raise ArchitectureError(f"bottleneck {self.bottleneck:g}: above 1 it must be a whole number")
        inner = Width("derived", ratio=self.bottleneck).channels(self.channels)
        if inner % self.group_width:
            channels, group_width = compatible(self.channels, self.group_width, self.bottleneck)
            raise ArchitectureError(
                f"the inner width {inner} is no multiple of group_width {self.group_width}; "
                f"what fits: channels {channels}, group_width {group_width}"
            )
        return self

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        skipped = shortcut(build, x, self.channels, stride)  # first, as torchvision runs and stores it
        # The inner width follows the block's output, which is not made yet: the node that will make it is named.
        inner = Width("derived", build.named("3.conv"), self.bottleneck)
        width = inner.channels(self.channels)
        y = build.conv_norm_act(x, "1", width, width=inner)
        grouped = replace(inner, group=self.group_width)
        y = build.conv_norm_act(y, "2", width, 3, stride, groups=width // self.group_width, width=grouped)
        if self.se:
            y = build.squeeze_excite(y, x, self.se, "nearest")
        y = build.conv_norm(y, "3", self.channels, width=build.beside(x, stride))
        return build.act(build.residual(y, skipped), "3.act")

    def fitted(self, group_width: float = 1.0) -> RegNetBlock:
        # pycls/models/scaler.py scale_model: a scaled group width is 1, 2, 4 or a multiple of 8.
        wanted = self.group_width
        if group_width != 1:
            wanted = max(1, round(wanted * group_width))
            wanted = wanted if wanted <= 2 else 4 if wanted <= 5 else round(wanted / 8) * 8
        channels, fitting = compatible(self.channels, wanted, self.bottleneck)
        return self.model_copy(update={"channels": channels, "group_width": fitting})


def compatible(
    channels: int, group_width: int, bottleneck: float, rule: Literal["pycls", "torchvision"] = "pycls"
) -> tuple[int, int]:
    """The channels and the group width nearest to those given that fit one another.

    A group is at most the inner width, and the inner width goes to the nearest multiple of the group: halves to the
    even one (pycls/models/blocks.py adjust_block_compatibility), or up, and one step up again when more than a
    tenth would be lost (torchvision regnet.py _adjust_widths_groups_compatibilty).
    """
    inner = max(1, int(channels * bottleneck))
    group_width = min(group_width, inner)
    step = lcm(group_width, int(bottleneck)) if bottleneck > 1 else group_width
    if rule == "torchvision":
        fitting = Rounding(divisor=step, least=step).channels(inner)
    else:
        fitting = max(step, round(inner / step) * step)
    return round(fitting / bottleneck), group_width
