"""ResNet's two blocks (He et al. 2015, arXiv:1512.03385, Figure 5), the stride on the 3×3 as torchvision has it.

A column more makes ResNeXt's (Xie et al. 2016, arXiv:1611.05431) and SENet's (Hu et al. 2017, arXiv:1709.01507).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from nas.blocks.groups import check_groups, grouping, refitted
from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.row import Kernel, Ratio, Stage
from nas.errors import ArchitectureError
from nas.graph.ops import AvgPool2d


class Basic(Stage):
    """Two `kernel` convolutions of `channels`, added to the shortcut.

    `se` squeezes behind them to that ratio of `channels` (0: none), with `se_act` behind an activation of its own.
    """

    block: Literal["basic"] = "basic"
    kernel: Kernel = 3
    se: Annotated[float, Field(ge=0, le=1)] = 0
    se_act: bool = False

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = build.conv_norm_act(x, "1", self.channels, self.kernel, stride, width=FREE)
        y = build.conv_norm(y, "2", self.channels, self.kernel, width=build.beside(x, stride))
        if self.se:
            y = build.act(y, "se.before") if self.se_act else y
            y = build.squeeze_excite(y, y, self.se)
        return build.act(build.residual(y, shortcut(build, x, self.channels, stride)), "2.act")


class BottleneckFrame(Stage):
    """1×1 to `ratio` × `channels`, the inner width, a `middle`, 1×1 to `channels`, added to the shortcut.

    `se` squeezes behind the block to that ratio of `channels` (0: none). `reduce` narrows the first 1×1 to that share
    of the inner width, and a shortcut with a stride has `shortcut_kernel`, or with `shortcut_pool` is pooled first.
    Subclasses have a middle each, of a `kernel`.
    """

    ratio: Ratio = 0.25
    kernel: Kernel = 3
    se: Annotated[float, Field(ge=0, le=1)] = 0
    reduce: Annotated[Ratio, Field(le=1)] = 1
    shortcut_kernel: Kernel = 1
    shortcut_pool: bool = False

    @field_validator("block")
    @classmethod
    def _own_kind(cls, block: str) -> str:
        if block != cls.model_fields["block"].default:
            raise ArchitectureError(f"block {block!r} is not a row of {cls.__name__}")
        return block

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        # The inner width follows the block's output, which is not made yet: the node that will make it is named.
        inner = self.inner(build.named("3.conv"))
        first = replace(inner, ratio=self.ratio * self.reduce)
        y = build.conv_norm_act(x, "1", first.channels(self.channels), width=first)
        y = self.middle(build, y, inner, stride, x)
        y = build.conv_norm(y, "3", self.channels, width=build.beside(x, stride))
        if self.se:
            y = build.squeeze_excite(y, y, self.se)
        skipped = shortcut(build, x, self.channels, stride, self.shortcut_kernel, self.shortcut_pool)
        return build.act(build.residual(y, skipped), "3.act")

    def inner(self, output: str) -> Width:
        """The inner width, derived from that of the node `output`."""
        return Width("derived", output, self.ratio)

    def middle(self, build: Recipe, x: Value, inner: Width, stride: int, source: Value) -> Value:
        """Add what stands between the two 1×1 convolutions, and ends in the `inner` width; the block reads `source`."""
        raise NotImplementedError


class Bottleneck(BottleneckFrame):
    """The frame around a `kernel` convolution in groups of `group_width` channels (0: it is one group)."""

    block: str = "bottleneck"
    group_width: Annotated[int, Field(ge=0, le=2**16)] = 0

    @model_validator(mode="after")
    def _groups_fit(self) -> Bottleneck:
        if self.group_width:
            check_groups(self.channels, self.group_width, self.ratio, "ratio")
            if self.group_width * self.reduce % 1:
                raise ArchitectureError(f"reduce {self.reduce:g} leaves no whole number of a group's channels")
        return self

    def middle(self, build: Recipe, x: Value, inner: Width, stride: int, source: Value) -> Value:
        width = inner.channels(self.channels)
        inner, groups = grouping(inner, x.channels, width, self.group_width)
        return build.conv_norm_act(x, "2", width, self.kernel, stride, groups=groups, width=inner)

    def fitted(self, group_width: float = 1.0) -> Bottleneck:
        return refitted(self, self.group_width, self.ratio, group_width) if self.group_width else self


def shortcut(build: Recipe, x: Value, channels: int, stride: int, kernel: int = 1, pool: bool = False) -> Value:
    """The identity where the shape stays, else a 1×1 convolution (option B), of a `kernel` where it has a stride.

    With `pool` it reads the means of stride × stride pixels instead (ResNet-D, He et al. 2018, arXiv:1812.01187).
    """
    if stride == 1 and x.channels == channels:
        return x
    if pool:
        if stride > 1:
            means = AvgPool2d((stride, stride), (stride, stride), ceil_mode=True, count_include_pad=False)
            x = build.add(means, x, name=build.named("pooled_shortcut.pool"))
        return build.conv_norm(x, "pooled_shortcut", channels, width=FREE)
    return build.conv_norm(x, "shortcut", channels, kernel if stride > 1 else 1, stride, width=FREE)
