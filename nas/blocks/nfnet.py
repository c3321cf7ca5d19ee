"""The block of normaliser-free networks (Brock et al. 2021, arXiv:2102.06171, Figures 2 and 3), and their stem."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nas.blocks.groups import grouping, scaled_group_width
from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.resnet import shortcut
from nas.blocks.row import Channels, Ratio, Stage, Stem
from nas.graph.ops import Multiply, Parameter, Scale, UnitVariance


class NFBlock(Stage):
    """1×1 to `ratio` × `channels`, two 3×3 in groups of `group_width`, 1×1 to `channels`, squeeze-excite.

    The inner width goes down to a whole number of groups, at least one; `se` is the squeeze ratio. An activation stands
    before each convolution, and behind the first the map is brought to variance 1. The branch counts twice where it is
    gated, times a trainable number that starts at 0, times `alpha`, and is added to the input; where the shape changes,
    that is the map behind the first activation, pooled and through a 1×1 convolution.
    """

    block: Literal["nfnet"] = "nfnet"
    ratio: Ratio = 0.5
    group_width: Channels = 128
    se: Annotated[float, Field(ge=0, le=1)] = 0.5
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.2

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        # The inner width follows the block's output, which is not made yet: the node that will make it is named.
        inner = Width("derived", build.named("3.conv"), self.ratio, "down", divisor=self.group_width)
        width = inner.channels(self.channels)
        grouped, groups = grouping(inner, width, width, self.group_width)
        entered = build.add(UnitVariance(build.passed, self.alpha**2), build.act(x, "1.act"), name=build.named("beta"))
        same = stride == 1 and x.channels == self.channels
        skipped = x if same else shortcut(build, entered, self.channels, stride, pool=True)
        y = build.act(build.conv(entered, "1.conv", width, bias=True, width=inner), "2.act")
        y = build.conv(y, "2.conv", width, 3, stride, groups=groups, bias=True, width=grouped)
        y = build.conv(build.act(y, "2b.act"), "2b.conv", width, 3, groups=groups, bias=True, width=grouped)
        y = build.conv(build.act(y, "3.act"), "3.conv", self.channels, bias=True, width=build.beside(x, stride))
        if self.se:
            y = build.squeeze_excite(y, y, self.se, "nearest", function="relu")
            y = build.add(Scale(2.0), y, name=build.named("se.gain"))
        skip = build.add(Parameter((1, 1, 1), stored=()), name=build.named("skip.gain"))
        y = build.add(Multiply(), y, skip, name=build.named("skip.product"))
        return build.residual(build.add(Scale(self.alpha), y, name=build.named("alpha")), skipped)

    def fitted(self, group_width: float = 1.0) -> NFBlock:
        return self.model_copy(update={"group_width": scaled_group_width(self.group_width, group_width)})


class QuadStem(Stem):
    """Four 3×3 convolutions to `first`, twice, four times as many and `channels`, the first and the last of stride 2.

    Activations stand between them.
    """

    widths: ClassVar[tuple[str, ...]] = ("channels", "first")

    stem: Literal["quad"] = "quad"
    first: Channels

    def reduced(self, size: int) -> int:
        return -(-size // 4)

    def lower(self, build: Recipe, x: Value) -> Value:
        bias = not build.normalises
        x = first = build.conv(x, "1.conv", self.first, 3, 2, bias=bias, width=FREE)
        for number, times in ((2, 2), (3, 4)):
            x = build.act(x, f"{number}.act")
            width = Width("derived", first.node, times)
            x = build.conv(x, f"{number}.conv", width.channels(self.first), 3, bias=bias, width=width)
        return build.conv(build.act(x, "4.act"), "4.conv", self.channels, 3, 2, bias=bias, width=FREE)
