"""ResNet's bottleneck with norms and activations before the convolutions (He et al. 2016, arXiv:1603.05027, Figure 4e).

The stride is on the 3×3, as in Big Transfer (Kolesnikov et al. 2019, arXiv:1912.11370) and timm.
"""

from __future__ import annotations

from typing import Literal

from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.row import Head, Kernel, Ratio, Stage, Stem
from nas.graph.ops import MaxPool2d


class PreActBottleneck(Stage):
    """1×1 to `ratio` × `channels`, `kernel`, 1×1 to `channels`, each behind norm and activation, added to the input.

    Where the shape changes, the shortcut is a strided 1×1 convolution behind the first activation.
    """

    block: Literal["preact_bottleneck"] = "preact_bottleneck"
    ratio: Ratio = 0.25
    kernel: Kernel = 3

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        bias = not build.normalises
        # The inner width follows the block's output, which is not made yet: the node that will make it is named.
        inner = Width("derived", build.named("3.conv"), self.ratio)
        width = inner.channels(self.channels)
        entered = build.act(build.norm(x, "1.norm"), "1.act")
        skipped = x
        if stride != 1 or x.channels != self.channels:
            skipped = build.conv(entered, "shortcut.conv", self.channels, 1, stride, bias=bias, width=FREE)
        y = build.conv(entered, "1.conv", width, bias=bias, width=inner)
        y = build.act(build.norm(y, "2.norm"), "2.act")
        y = build.conv(y, "2.conv", width, self.kernel, stride, bias=bias, width=inner)
        y = build.act(build.norm(y, "3.norm"), "3.act")
        y = build.conv(y, "3.conv", self.channels, bias=bias, width=build.beside(x, stride))
        return build.residual(y, skipped)


class PreActStem(Stem):
    """A bare `kernel` convolution of stride 2 and 3×3 max pooling of stride 2, padded with nothing or with `zeros`."""

    stem: Literal["preact"] = "preact"
    kernel: Kernel = 7
    zeros: bool = False

    def reduced(self, size: int) -> int:
        return -(-size // 4)

    def lower(self, build: Recipe, x: Value) -> Value:
        x = build.conv(x, "conv", self.channels, self.kernel, 2, bias=not build.normalises, width=FREE)
        return build.add(MaxPool2d((3, 3), (2, 2), (1, 1), zeros=self.zeros), x, name=build.named("pool"))


class PreActHead(Head):
    """Norm and activation, global mean, dropout, and a classifier: a 1×1 convolution ("conv") or "linear".

    With `tapped` norm and activation make the last map that detectors take.
    """

    head: Literal["preact"] = "preact"
    classifier: Literal["conv", "linear"] = "conv"
    tapped: bool = False

    def lower(self, build: Recipe, x: Value, num_classes: int) -> Value:
        with build.at_last_stage(self.tapped):
            x = build.act(build.norm(x, "norm"), "act")
        x = build.mean(x, keepdim=self.classifier == "conv")
        return build.classify(x, self.dropout, num_classes)
