"""The block of the Visual Attention Network (Guo et al. 2022, arXiv:2202.09741, Figure 3)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nas.blocks.convnext import LAYER
from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.row import Ratio, Stage
from nas.graph.ops import Add, Multiply

# arXiv:2202.09741 §3.1: a 21 × 21 kernel as one of 2d - 1, one of 21 / d dilated by d, and 1×1, with d = 3.
NEAR, FAR, DILATION = 5, 7, 3


class VanBlock(Stage):
    """Large kernel attention, then a depthwise 3×3 between 1×1 to `expand` × `channels` and back; each is added.

    The stage begins with an overlapping patch convolution, where it changes size or width, and ends with a layer norm.
    `scale` is the start of the layer scales.
    """

    block: str = "van"
    expand: Ratio = 4
    scale: Annotated[float, Field(gt=0, le=1)] = 0.01

    def begin(self, build: Recipe, x: Value) -> Value:
        if self.stride == 1 and x.channels == self.channels:
            return x
        mark = build.beside(x, self.stride)
        return build.norm(build.conv(x, "down.conv", self.channels, 3, self.stride, bias=True, width=mark), "down.norm")

    def end(self, build: Recipe, x: Value) -> Value:
        return build.norm(x, "end.norm", LAYER)

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = self._attended(build, build.norm(x, "1.norm"))
        x = build.residual(build.scaled(y, "1", self.scale), x, "1")
        inner = Width("derived", x.node, self.expand)
        y = build.conv(build.norm(x, "2.norm"), "expand", inner.channels(x.channels), bias=True, width=inner)
        y = build.act(build.conv(y, "depthwise", y.channels, 3, groups=y.channels, bias=True), "act")
        y = build.conv(y, "project", self.channels, bias=True, width=build.beside(x, 1))
        return build.residual(build.scaled(y, "2", self.scale), x, "2")

    def _attended(self, build: Recipe, x: Value) -> Value:
        """x + 1×1 of (a × the large-kernel convolution of a), with a 1×1 and an activation before: a."""
        a = build.act(build.conv(x, "attention.in", x.channels, bias=True, width=FREE), "attention.act")
        gate = build.conv(a, "attention.near", a.channels, NEAR, groups=a.channels, bias=True)
        gate = build.conv(gate, "attention.far", a.channels, FAR, groups=a.channels, dilation=DILATION, bias=True)
        gate = build.conv(gate, "attention.mix", a.channels, bias=True, width=FREE)
        y = build.add(Multiply(), a, gate, name=build.named("attention.product"))
        y = build.conv(y, "attention.out", x.channels, bias=True, width=build.beside(x, 1))
        return build.add(Add(), y, x, name=build.named("attention.add"))
