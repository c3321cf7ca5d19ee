"""The units of ShuffleNet (Zhang et al. 2018, arXiv:1707.01083, Figure 2) and ShuffleNet V2 (Ma et al. 2018,
arXiv:1807.11164, Figure 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from nas.blocks.halves import Halved, half_of
from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.resnet import shortcut
from nas.blocks.row import Kernel, Stage, plain_number
from nas.errors import ArchitectureError
from nas.graph.ops import AvgPool2d, ChannelShuffle, Concat, Split


class ShuffleNetUnit(Stage):
    """1×1 in `groups` to a quarter of `channels`, shuffle, depthwise `kernel`, 1×1 in groups, added to the input.

    A block with a stride joins its branch to its average-pooled input instead; one that leaves the branch no channels
    has ResNet's shortcut. With `first` "dense" that block's first 1×1 has no groups, as in the first stage (§3.2).
    """

    block: Literal["shufflenet"] = "shufflenet"
    groups: Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=64)] = 1
    kernel: Kernel = 3
    first: Literal["grouped", "dense"] = "grouped"

    @model_validator(mode="after")
    def _groups_fit(self) -> ShuffleNetUnit:
        if self.channels % (4 * self.groups):
            fits = self.fitted().channels
            raise ArchitectureError(f"a quarter of channels {self.channels} is no {self.groups} groups; {fits} fits")
        return self

    def fitted(self, group_width: float = 1.0) -> ShuffleNetUnit:
        step = 4 * self.groups
        return self.model_copy(update={"channels": max(step, round(self.channels / step) * step)})

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        channels, groups = self.channels, self.groups
        joins = stride > 1 and channels > x.channels
        inner = Width("derived", build.named("concat" if joins else "project.conv"), 0.25, cardinality=groups)
        dense = stride > 1 and self.first == "dense"
        width = replace(inner, cardinality=0) if dense else inner
        y = build.conv_norm_act(x, "reduce", channels // 4, groups=1 if dense else groups, width=width)
        if groups > 1:
            y = build.add(ChannelShuffle(groups), y, name=build.named("shuffle"))
        y = build.conv_norm(y, "depthwise", y.channels, self.kernel, stride, groups=y.channels)
        if joins:
            width = replace(inner, ratio=1.0, less=x.node)
            pooled = build.add(AvgPool2d((3, 3), (stride, stride), (1, 1)), x, name=build.named("pool"))
            y = build.conv_norm(y, "project", channels - x.channels, groups=groups, width=width)
            y = build.add(Concat(), pooled, y, name=build.named("concat"), width=FREE)
        else:
            width = replace(build.beside(x, stride), cardinality=groups)
            y = build.conv_norm(y, "project", channels, groups=groups, width=width)
            y = build.residual(y, shortcut(build, x, channels, stride))
        return build.act(y, "act")


class ShuffleNetV2Unit(Halved):
    """Half of the input as it is; the other half through 1×1, depthwise `kernel`, 1×1; side by side, shuffled.

    Where the shape changes both branches read the whole input, and the first is a depthwise `kernel` and a 1×1.
    """

    block: Literal["shufflenetv2"] = "shufflenetv2"
    kernel: Kernel = 3

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        shuffled = build.named("shuffle")  # the node that has all the channels is named before it is made
        half, width = self.channels // 2, half_of(shuffled)
        if stride == 1 and x.channels == self.channels:
            left, y = build.add_multi(Split((half, half)), x, name=build.named("split"))
        else:
            left = build.conv_norm(x, "left.depthwise", x.channels, self.kernel, stride, groups=x.channels)
            left, y = build.conv_norm_act(left, "left.project", half, width=width), x
        y = build.conv_norm_act(y, "expand", half, width=width)
        y = build.conv_norm(y, "depthwise", half, self.kernel, stride, groups=half)
        y = build.conv_norm_act(y, "project", half, width=width)
        y = build.add(Concat(), left, y, name=build.named("concat"))
        return build.add(ChannelShuffle(2), y, name=shuffled, width=build.beside(x, stride))
