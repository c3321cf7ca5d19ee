"""A stage of plain convolutions, with or without max pooling behind them (VGG, arXiv:1409.1556)."""

from __future__ import annotations

from typing import Literal

from nas.blocks.recipe import FREE, Recipe, Value
from nas.blocks.row import Kernel, Stage
from nas.graph.ops import MaxPool2d


class Conv(Stage):
    """`kernel` convolution to `channels` with norm and activation; no shortcut.

    With `pool` "max" the `stride` is that of a max pooling behind the last convolution, whose windows do not overlap.
    `bias` gives the convolutions a bias although a norm follows, as torchvision's VGG has it.
    """

    block: Literal["conv"] = "conv"
    kernel: Kernel = 3
    pool: Literal["", "max"] = ""
    bias: bool = False

    def reduced(self, size: int) -> int:
        return max(1, size // self.stride) if self.pool else super().reduced(size)

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        stride, bias = 1 if self.pool else stride, self.bias or not build.normalises
        y = build.conv(x, "conv", self.channels, self.kernel, stride, bias=bias, width=FREE)
        return build.act(build.norm(y, "norm"), "act")

    def end(self, build: Recipe, x: Value) -> Value:
        if not self.pool or self.stride == 1:
            return x
        windows = (self.stride, self.stride)
        return build.add(MaxPool2d(windows, windows), x, name=build.named("pool"))
