"""The inverted bottleneck: bare as in MobileNetV2 (arXiv:1801.04381, Table 1), and the frame of those with more."""

from __future__ import annotations

from typing import Literal

from nas.blocks.recipe import Recipe, Value
from nas.blocks.row import Kernel, Ratio, Stage


class InvertedBottleneck(Stage):
    """1×1 to `expand` × the block's input, depthwise `kernel`, linear 1×1 to `channels`; no 1×1 when expand is 1.

    What a kind does in its own way is a method.
    """

    expand: Ratio = 6
    kernel: Kernel = 3

    @property
    def function(self) -> str | None:
        """The activation; None: the network's."""
        return None

    def widened(self, build: Recipe, x: Value) -> Value:
        """The first 1×1."""
        return build.widen(x, "expand", self.expand)

    def squeezed(self, build: Recipe, x: Value, y: Value) -> Value:
        """What stands behind the depthwise convolution, in the block of input `x`."""
        return y

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = x if self.expand == 1 else self.widened(build, x)
        inner, kernel = y.channels, self.kernel
        y = build.conv_norm_act(y, "depthwise", inner, kernel, stride, groups=inner, function=self.function)
        y = build.conv_norm(self.squeezed(build, x, y), "project", self.channels, width=build.beside(x, stride))
        return build.residual(y, x) if y.shape == x.shape and stride == 1 else y


class InvertedResidual(InvertedBottleneck):
    """MobileNetV2's: nothing else."""

    block: Literal["inverted_residual"] = "inverted_residual"
