"""The usual two ends of a network: a convolution before the stages, pooling and a classifier behind them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nas.blocks.recipe import FREE, Recipe, Value
from nas.blocks.row import Head, Kernel, Stem, Stride
from nas.graph.ops import MaxPool2d


class ConvStem(Stem):
    """A `kernel` convolution with norm and activation; `pool` adds ResNet's 3×3 max pooling of stride 2."""

    stem: Literal["conv"] = "conv"
    kernel: Kernel = 3
    stride: Stride = 2
    pool: bool = False

    def reduced(self, size: int) -> int:
        size = -(-size // self.stride)
        return -(-size // 2) if self.pool else size

    def lower(self, build: Recipe, x: Value) -> Value:
        x = build.conv(x, "conv", self.channels, self.kernel, self.stride, width=FREE)
        x = build.act(build.norm(x, "norm"), "act")
        return build.add(MaxPool2d((3, 3), (2, 2), (1, 1)), x, name=build.named("pool")) if self.pool else x


class PoolHead(Head):
    """A 1×1 convolution to `channels` with norm and activation (0: none), global mean, dropout, linear classifier."""

    widths: ClassVar[tuple[str, ...]] = ("channels",)

    head: Literal["pool"] = "pool"
    channels: Annotated[int, Field(ge=0, le=2**16)] = 0

    def lower(self, build: Recipe, x: Value, num_classes: int) -> Value:
        if self.channels:
            x = build.conv(x, "conv", self.channels, width=FREE)
            x = build.act(build.norm(x, "norm"), "act")
        return build.classify(build.mean(x), self.dropout, num_classes)
