"""ConvNeXt's block (Liu et al. 2022, arXiv:2201.03545, Figure 4), that of V2 (Woo et al. 2023, arXiv:2301.00808,
Figure 5) and InceptionNeXt's (Yu et al. 2023, arXiv:2303.16900, Figure 4), with their stem and heads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from nas.blocks.recipe import FREE, Norm, Recipe, Value, Width
from nas.blocks.row import Head, Kernel, Ratio, Stage, Stem, Stride, plain_number
from nas.graph.op import window
from nas.graph.ops import Concat, GlobalResponseNorm, Split

LAYER = Norm(kind="layer", eps=1e-6)


class ConvNeXtBlock(Stage):
    """Depthwise `kernel`, norm, 1×1 to `expand` × `channels`, activation, 1×1 back, added to the block's input.

    The stage begins with a norm and a convolution of as many pixels as its `stride`, where it changes size or width.
    `grn` adds V2's global response norm, `scale` is the start of the layer scale (0: none), and `dense` says how a
    state dict holds the 1×1 convolutions: as "linear" layers or as "conv".
    """

    block: str = "convnext"
    kernel: Kernel = 7
    expand: Ratio = 4
    grn: bool = False
    scale: Annotated[float, Field(ge=0, le=1)] = 1e-6
    dense: Literal["linear", "conv"] = "linear"

    def reduced(self, size: int) -> int:
        return size // self.stride

    def begin(self, build: Recipe, x: Value) -> Value:
        if self.stride == 1 and x.channels == self.channels:
            return x
        x, step = build.norm(x, "down.norm"), self.stride
        return build.conv(x, "down.conv", self.channels, step, step, padding=0, bias=True, width=build.beside(x, step))

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = build.norm(self.mixed(build, x), "norm")
        inner = Width("derived", x.node, self.expand)
        y = build.act(self._dense(build, y, "expand", inner.channels(x.channels), inner), "act")
        if self.grn:
            y = build.add(GlobalResponseNorm(y.channels), y, name=build.named("grn"))
        y = self._dense(build, y, "project", self.channels, build.beside(x, 1))
        return build.residual(build.scaled(y, "layer", self.scale) if self.scale else y, x)

    def mixed(self, build: Recipe, x: Value) -> Value:
        """Add what mixes positions, channel by channel."""
        return build.conv(x, "mixer", x.channels, self.kernel, groups=x.channels, bias=True)

    def _dense(self, build: Recipe, x: Value, role: str, channels: int, width: Width) -> Value:
        if self.dense == "conv":
            return build.conv(x, role, channels, bias=True, width=width)
        return build.linear(x, role, channels, width=width)


class InceptionNeXtBlock(ConvNeXtBlock):
    """ConvNeXt's block with four branches for a mixer: a `kernel`, bands of 1 × `band` and `band` × 1, and nothing.

    Each of the first three has the share `branch` of the channels.
    """

    block: str = "inception_next"
    kernel: Kernel = 3
    dense: Literal["linear", "conv"] = "conv"
    band: Kernel = 11
    branch: Annotated[float, Field(gt=0, lt=1 / 3)] = 0.125

    def mixed(self, build: Recipe, x: Value) -> Value:
        width = max(1, int(x.channels * self.branch))
        op = Split((x.channels - 3 * width, width, width, width))
        rest, *parts = build.add_multi(op, x, name=build.named("split"))
        kernels = {"square": (self.kernel, self.kernel), "wide": (1, self.band), "high": (self.band, 1)}
        mixed = [
            build.conv(part, f"mixer.{role}", width, kernel, groups=width, bias=True)
            for part, (role, kernel) in zip(parts, kernels.items(), strict=True)
        ]
        return build.add(Concat(), rest, *mixed, name=build.named("concat"))


class PatchStem(Stem):
    """A convolution of `kernel` pixels with norm: patches side by side, or overlapping where `stride` is less.

    An overlapping one is padded by half.
    """

    stem: Literal["patch"] = "patch"
    kernel: Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=63)] = 4
    stride: Stride = 4

    @property
    def padding(self) -> int:
        """Pixels added on each side."""
        return self.kernel // 2 if self.stride < self.kernel else 0

    def reduced(self, size: int) -> int:
        return window(size, self.kernel, self.stride, self.padding)

    def lower(self, build: Recipe, x: Value) -> Value:
        step = self.kernel, self.stride
        x = build.conv(x, "conv", self.channels, *step, padding=self.padding, bias=True, width=FREE)
        return build.norm(x, "norm")


class NormHead(Head):
    """Global mean, layer norm, dropout, linear classifier."""

    head: Literal["norm"] = "norm"

    def lower(self, build: Recipe, x: Value, num_classes: int) -> Value:
        return build.classify(build.norm(build.mean(x), "norm", LAYER), self.dropout, num_classes)


class MlpHead(Head):
    """Global mean, a linear layer to `ratio` × the channels with activation and layer norm, dropout, classifier."""

    head: Literal["mlp"] = "mlp"
    ratio: Ratio = 3

    def lower(self, build: Recipe, x: Value, num_classes: int) -> Value:
        width = Width("derived", x.node, self.ratio)
        y = build.act(build.linear(build.mean(x), "hidden", width.channels(x.channels), width=width), "act")
        return build.classify(build.norm(y, "norm", LAYER), self.dropout, num_classes)
