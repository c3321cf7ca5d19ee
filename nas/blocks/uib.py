"""MobileNetV4's universal inverted bottleneck (Qin et al. 2024, arXiv:2404.10518, Figure 4)."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from nas.blocks.recipe import Recipe, Value
from nas.blocks.row import OptionalKernel, Ratio, Stage
from nas.errors import ArchitectureError


class UniversalInvertedBottleneck(Stage):
    """Depthwise `start`, 1×1 to `expand` × the block's input, depthwise `middle`, 1×1 to `channels`.

    A kernel of 0 leaves its depthwise convolution out: with both kernels the block is the paper's extra depthwise one,
    with the middle one an inverted bottleneck, with the start one a ConvNeXt-like block, with none a feed-forward
    network. The middle convolution has the stride, else the first one. The expanded width is a multiple of 8.
    """

    block: Literal["uib"] = "uib"
    expand: Ratio = 4
    start: OptionalKernel = 0
    middle: OptionalKernel = 3

    @model_validator(mode="after")
    def _strides(self) -> UniversalInvertedBottleneck:
        if self.stride > 1 and not (self.start or self.middle):
            raise ArchitectureError(f"stride {self.stride} needs a depthwise kernel, start or middle; both are 0")
        return self

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = x
        if self.start:
            y = build.conv_norm(y, "start", y.channels, self.start, 1 if self.middle else stride, groups=y.channels)
        y = build.widen(y, "expand", self.expand, rounding="divisible", divisor=8)
        if self.middle:
            y = build.conv_norm_act(y, "middle", y.channels, self.middle, stride, groups=y.channels)
        y = build.conv_norm(y, "project", self.channels, width=build.beside(x, stride))
        return build.residual(y, x) if y.shape == x.shape and stride == 1 else y
