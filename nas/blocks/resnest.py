"""ResNeSt's bottleneck (Zhang et al. 2020, arXiv:2004.08955, §3.1): split attention in the middle."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from nas.blocks.recipe import Recipe, Value, Width
from nas.blocks.resnet import BottleneckFrame
from nas.blocks.split_attention import split_attention
from nas.graph.ops import AvgPool2d, Split

SQUEEZE, DIVISOR, LEAST = 0.25, 8, 32  # of the attention: timm split_attn.py


class ResNeStBlock(BottleneckFrame):
    """A bottleneck whose 3×3 makes `radix` maps of the inner width, attention across which adds them up.

    The inner width and the attention stand in `cardinality` groups. A stride is a mean over 3×3 pixels, behind the
    attention or with `pool_first` before the convolution.
    """

    block: str = "resnest"
    radix: Annotated[int, Field(ge=1, le=64)] = 2
    cardinality: Annotated[int, Field(ge=1, le=64)] = 1
    pool_first: bool = False
    shortcut_pool: bool = True

    def inner(self, output: str) -> Width:
        return Width("derived", output, self.ratio, "down", divisor=self.radix * self.cardinality)

    def middle(self, build: Recipe, x: Value, inner: Width, stride: int, source: Value) -> Value:
        pool = AvgPool2d((3, 3), (stride, stride), (1, 1))
        if stride > 1 and self.pool_first:
            x = build.add(pool, x, name=build.named("2.pool"))
        width, groups = inner.channels(self.channels), self.radix * self.cardinality
        wide = replace(inner, ratio=inner.ratio * self.radix, divisor=groups * self.radix, cardinality=groups)
        y = build.conv_norm_act(x, "2", width * self.radix, self.kernel, groups=groups, width=wide)
        maps: tuple[Value, ...] = (y,)
        if self.radix > 1:
            maps = build.add_multi(Split((width,) * self.radix), y, name=build.named("attention.maps"))
        squeezed = Width("derived", maps[0].node, SQUEEZE * self.radix, "divisible", divisor=DIVISOR, least=LEAST)
        y = split_attention(
            build,
            maps,
            replace(squeezed, cardinality=self.cardinality),
            replace(wide, cardinality=self.cardinality),
            cardinality=self.cardinality,
            bias=True,
        )
        return build.add(pool, y, name=build.named("2.pool")) if stride > 1 and not self.pool_first else y
