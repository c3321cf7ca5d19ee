"""Res2Net's bottleneck (Gao et al. 2019, arXiv:1904.01169, §3.1): a hierarchy of 3×3 convolutions in the middle."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nas.blocks.recipe import Recipe, Value, Width
from nas.blocks.resnet import BottleneckFrame
from nas.graph.ops import Add, AvgPool2d, Concat, Split


class Res2NetBlock(BottleneckFrame):
    """A bottleneck whose inner width is cut into `scale` parts, of which all but the last pass a 3×3 convolution.

    Each part is added to what the part before became, but not in a block whose shortcut is a convolution: there the
    last becomes its mean over 3×3 pixels.
    """

    block: str = "res2net"
    reduce: Literal[1] = 1  # the parts are cut from what the first 1×1 makes
    scale: Annotated[int, Field(ge=2, le=16)] = 4

    def inner(self, output: str) -> Width:
        return Width("derived", output, self.ratio, "down", divisor=self.scale)

    def middle(self, build: Recipe, x: Value, inner: Width, stride: int, source: Value) -> Value:
        width, first = x.channels // self.scale, stride > 1 or source.channels != self.channels
        *parts, last = build.add_multi(Split((width,) * self.scale), x, name=build.named("parts"))
        part_width = Width("derived", last.node)
        made: list[Value] = []
        for number, part in enumerate(parts):
            adds = made and not first
            read = build.add(Add(), made[-1], part, name=build.named(f"sum{number}")) if adds else part
            made.append(build.conv_norm_act(read, f"part{number}", width, self.kernel, stride, width=part_width))
        if first:
            pool = AvgPool2d((3, 3), (stride, stride), (1, 1))
            last = build.add(pool, last, name=build.named("pool"))
        return build.add(Concat(), *made, last, name=build.named("whole"))
