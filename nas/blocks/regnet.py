"""RegNet's X block, and with squeeze-excite its Y block (Radosavovic et al. 2020, arXiv:2003.13678, Figure 4, §4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nas.blocks.groups import check_groups, grouping, refitted
from nas.blocks.recipe import Recipe, Value, Width
from nas.blocks.resnet import shortcut
from nas.blocks.row import Channels, Ratio, Stage


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
        check_groups(self.channels, self.group_width, self.bottleneck, "bottleneck")
        return self

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        skipped = shortcut(build, x, self.channels, stride)  # first, as torchvision runs and stores it
        # The inner width follows the block's output, which is not made yet: the node that will make it is named.
        inner = Width("derived", build.named("3.conv"), self.bottleneck)
        width = inner.channels(self.channels)
        y = build.conv_norm_act(x, "1", width, width=inner)
        mark, groups = grouping(inner, width, width, self.group_width)
        y = build.conv_norm_act(y, "2", width, 3, stride, groups=groups, width=mark)
        if self.se:
            y = build.squeeze_excite(y, x, self.se, "nearest")
        y = build.conv_norm(y, "3", self.channels, width=build.beside(x, stride))
        return build.act(build.residual(y, skipped), "3.act")

    def fitted(self, group_width: float = 1.0) -> RegNetBlock:
        return refitted(self, self.group_width, self.bottleneck, group_width)
