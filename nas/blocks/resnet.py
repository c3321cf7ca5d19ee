"""ResNet's two blocks (He et al. 2015, arXiv:1512.03385, Figure 5), the stride on the 3×3 as torchvision has it."""

from __future__ import annotations

from typing import Literal

from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.row import Kernel, Ratio, Stage


class Basic(Stage):
    """Two `kernel` convolutions of `channels`, added to the shortcut."""

    block: Literal["basic"] = "basic"
    kernel: Kernel = 3

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = build.conv_norm_act(x, "1", self.channels, self.kernel, stride, width=FREE)
        y = build.conv_norm(y, "2", self.channels, self.kernel, width=build.beside(x, stride))
        return build.act(build.residual(y, shortcut(build, x, self.channels, stride)), "2.act")


class Bottleneck(Stage):
    """1×1 to `ratio` × `channels`, `kernel` convolution, 1×1 to `channels`, added to the shortcut."""

    block: Literal["bottleneck"] = "bottleneck"
    ratio: Ratio = 0.25
    kernel: Kernel = 3

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        # The inner width follows the block's output, which is not made yet: the node that will make it is named.
        inner = Width("derived", build.named("3.conv"), self.ratio)
        y = build.conv_norm_act(x, "1", inner.channels(self.channels), width=inner)
        y = build.conv_norm_act(y, "2", y.channels, self.kernel, stride, width=inner)
        y = build.conv_norm(y, "3", self.channels, width=build.beside(x, stride))
        return build.act(build.residual(y, shortcut(build, x, self.channels, stride)), "3.act")


def shortcut(build: Recipe, x: Value, channels: int, stride: int) -> Value:
    """The identity where the shape stays, else a strided 1×1 convolution (option B)."""
    if stride == 1 and x.channels == channels:
        return x
    return build.conv_norm(x, "shortcut", channels, 1, stride, width=FREE)
