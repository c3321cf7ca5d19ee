"""DenseNet-BC's layer and transition (Huang et al. 2016, arXiv:1608.06993, §3 and Table 1)."""

from __future__ import annotations

from typing import ClassVar, Literal

from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.row import Kernel, Ratio, Stage
from nas.graph.ops import AvgPool2d, Concat


class Dense(Stage):
    """1×1 to `ratio` × `channels`, `kernel` to `channels`, each behind norm and activation, set beside the input.

    So `channels` is the growth rate: every block widens the map by as many. Where there is a `stride`, a transition
    stands before the blocks: norm, activation, 1×1 to `compression` × the channels, and the mean of stride × stride
    pixels.
    """

    uniform: ClassVar[bool] = False

    block: Literal["dense"] = "dense"
    ratio: Ratio = 4
    kernel: Kernel = 3
    compression: Ratio = 0.5

    def reduced(self, size: int) -> int:
        return size // self.stride

    def begin(self, build: Recipe, x: Value) -> Value:
        if self.stride == 1:
            return x
        narrow = Width("derived", x.node, self.compression, "down")
        y = build.act(build.norm(x, "transition.norm"), "transition.act")
        y = build.conv(y, "transition.conv", narrow.channels(x.channels), bias=not build.normalises, width=narrow)
        windows = (self.stride, self.stride)
        return build.add(AvgPool2d(windows, windows), y, name=build.named("transition.pool"))

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        bias = not build.normalises
        # The inner width follows the growth, of a node that is not made yet: it is named.
        inner = Width("derived", build.named("2.conv"), self.ratio)
        y = build.act(build.norm(x, "1.norm"), "1.act")
        y = build.conv(y, "1.conv", inner.channels(self.channels), bias=bias, width=inner)
        y = build.act(build.norm(y, "2.norm"), "2.act")
        y = build.conv(y, "2.conv", self.channels, self.kernel, bias=bias, width=FREE)
        return build.add(Concat(), x, y, name=build.named("concat"))
