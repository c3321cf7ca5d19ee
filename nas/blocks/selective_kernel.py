"""ResNet's blocks with selective kernels (Li et al. 2019, arXiv:1903.06586, §3.1), as timm has them.

One path sees 3×3 pixels, the other 5×5 by dilation; attention across the two selects between them channel by channel.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from nas.blocks.groups import grouping
from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.resnet import Bottleneck, shortcut
from nas.blocks.row import Channels, Stage
from nas.blocks.split_attention import split_attention
from nas.errors import ArchitectureError
from nas.graph.ops import Split

DILATIONS = (1, 2)  # one path each


class Selective(Stage):
    """What the two blocks share: columns, and the selective convolution.

    The attention is squeezed to `squeeze` × the channels it selects, a multiple of `divisor`. Each path reads the
    whole input, or with `split` its share of the channels.
    """

    squeeze: Annotated[float, Field(gt=0, le=1)] = 1 / 16
    divisor: Channels = 8
    split: bool = True

    def select(self, build: Recipe, x: Value, channels: int, stride: int, width: Width, group_width: int = 0) -> Value:
        """Two 3×3 paths to `channels`, marked `width`, and the selection between them."""
        read: tuple[Value, ...] = (x,) * len(DILATIONS)
        if self.split:
            half = x.channels // 2
            read = build.add_multi(Split((half, x.channels - half)), x, name=build.named("paths"))
        mark, groups = grouping(width, read[0].channels, channels, group_width)
        paths = [
            build.conv_norm_act(y, f"path{n}", channels, 3, stride, groups=groups, dilation=dilation, width=mark)
            for n, (y, dilation) in enumerate(zip(read, DILATIONS, strict=True))
        ]
        source = build.named("path0.conv")
        squeezed = Width("derived", source, self.squeeze, "divisible", divisor=self.divisor)
        return split_attention(build, paths, squeezed, Width("derived", source, len(paths)))


class SelectiveBasic(Selective):
    """A selective and a plain 3×3 convolution of `channels`, added to the shortcut."""

    block: Literal["selective_basic"] = "selective_basic"

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = self.select(build, x, self.channels, stride, FREE)
        y = build.conv_norm(y, "2", self.channels, 3, width=build.beside(x, stride))
        return build.act(build.residual(y, shortcut(build, x, self.channels, stride)), "2.act")


class SelectiveBottleneck(Selective, Bottleneck):
    """A bottleneck with a selective convolution in the middle, its paths in groups of `group_width` (0: one group)."""

    block: str = "selective_bottleneck"

    @model_validator(mode="after")
    def _paths_fit(self) -> SelectiveBottleneck:
        if self.split and self.group_width * self.reduce % len(DILATIONS):
            raise ArchitectureError(f"group_width {self.group_width}: each path reads its share of a group's channels")
        return self

    def middle(self, build: Recipe, x: Value, inner: Width, stride: int, source: Value) -> Value:
        return self.select(build, x, inner.channels(self.channels), stride, inner, self.group_width)
