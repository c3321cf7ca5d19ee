"""MobileNetV2's inverted residual with a linear bottleneck (arXiv:1801.04381, Table 1)."""

from __future__ import annotations

from typing import Literal

from nas.blocks.recipe import Recipe, Value
from nas.blocks.row import Kernel, Ratio, Stage


class InvertedResidual(Stage):
    """1×1 to `expand` × the block's input, depthwise `kernel`, linear 1×1 to `channels`; no 1×1 when expand is 1."""

    block: Literal["inverted_residual"] = "inverted_residual"
    expand: Ratio = 6
    kernel: Kernel = 3

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = x if self.expand == 1 else build.widen(x, "expand", self.expand)
        y = build.conv_norm_act(y, "depthwise", y.channels, self.kernel, stride, groups=y.channels)
        y = build.conv_norm(y, "project", self.channels, width=build.beside(x, stride))
        return build.residual(y, x) if y.shape == x.shape and stride == 1 else y
