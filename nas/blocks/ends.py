"""The usual two ends of a network: a convolution before the stages, pooling and a classifier behind them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nas.blocks.recipe import FREE, Recipe, Value
from nas.blocks.row import Channels, Head, Kernel, Stem, Stride
from nas.graph.ops import MaxPool2d


class ConvStem(Stem):
    """A `kernel` convolution with norm and activation; `pool` adds ResNet's 3×3 max pooling of stride 2.

    With `ceil` the pooling pads nothing and rounds the size up instead, as Caffe's does.
    """

    stem: Literal["conv"] = "conv"
    kernel: Kernel = 3
    stride: Stride = 2
    pool: bool = False
    ceil: bool = False

    def reduced(self, size: int) -> int:
        size = -(-size // self.stride)
        return halved(size, self.ceil) if self.pool else size

    def lower(self, build: Recipe, x: Value) -> Value:
        x = build.conv(x, "conv", self.channels, self.kernel, self.stride, width=FREE)
        x = build.act(build.norm(x, "norm"), "act")
        return max_pool(build, x, self.ceil) if self.pool else x


class DeepStem(Stem):
    """Three 3×3 convolutions, two of `hidden` channels, the first of stride 2, and ResNet's max pooling.

    SENet-154's and ResNet-C's (He et al. 2018, arXiv:1812.01187, Figure 2); `ceil` is ConvStem's.
    """

    widths: ClassVar[tuple[str, ...]] = ("channels", "hidden")

    stem: Literal["deep"] = "deep"
    hidden: Channels
    ceil: bool = False

    def reduced(self, size: int) -> int:
        return halved(-(-size // 2), self.ceil)

    def lower(self, build: Recipe, x: Value) -> Value:
        x = build.conv_norm_act(x, "1", self.hidden, 3, 2, width=FREE)
        x = build.conv_norm_act(x, "2", self.hidden, 3, width=FREE)
        x = build.conv_norm_act(x, "3", self.channels, 3, width=FREE)
        return max_pool(build, x, self.ceil)


def max_pool(build: Recipe, x: Value, ceil: bool) -> Value:
    """3×3 max pooling of stride 2; with `ceil` unpadded, its size rounded up."""
    return build.add(MaxPool2d((3, 3), (2, 2), (0, 0) if ceil else (1, 1), ceil), x, name=build.named("pool"))


def halved(size: int, ceil: bool) -> int:
    """The size behind `max_pool`: of 113 positions, unpadded windows that round up reach 56."""
    return max(1, size // 2) if ceil else -(-size // 2)


class PoolHead(Head):
    """A 1×1 convolution to `channels` with norm and activation (0: none), global mean, dropout, linear classifier.

    With `tapped` that convolution makes the last map that detectors take.
    """

    widths: ClassVar[tuple[str, ...]] = ("channels",)

    head: Literal["pool"] = "pool"
    channels: Annotated[int, Field(ge=0, le=2**16)] = 0
    tapped: bool = False

    def lower(self, build: Recipe, x: Value, num_classes: int) -> Value:
        if self.channels:
            with build.at_last_stage(self.tapped):
                x = build.conv(x, "conv", self.channels, bias=not build.normalises, width=FREE)
            x = build.act(build.norm(x, "norm"), "act")
        return build.classify(build.mean(x), self.dropout, num_classes)
