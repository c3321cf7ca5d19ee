"""MobileNetV3's inverted bottleneck and head (Howard et al. 2019, arXiv:1905.02244, §5)."""

from __future__ import annotations

from typing import ClassVar, Literal

from nas.blocks.mbconv import SqueezedBottleneck
from nas.blocks.recipe import FREE, Recipe, Value
from nas.blocks.row import Channels, Function, Head
from nas.graph.ops import Flatten, GlobalAvgPool


class MobileNetV3Block(SqueezedBottleneck):
    """MBConv with an `activation` of its own ("": the network's), its inner widths multiples of 8.

    `se` is the squeeze ratio relative to the expanded width; behind it stands a ReLU, and the gate is a hard sigmoid.
    """

    block: Literal["mobilenetv3"] = "mobilenetv3"
    activation: Function = ""

    @property
    def function(self) -> str | None:
        return self.activation or None

    def widened(self, build: Recipe, x: Value) -> Value:
        return build.widen(x, "expand", self.expand, rounding="divisible", divisor=8, function=self.function)

    def excited(self, build: Recipe, x: Value, y: Value) -> Value:
        return build.squeeze_excite(y, y, self.se, "divisible", divisor=8, function="relu", gate="hardsigmoid")


class HiddenHead(Head):
    """Global mean, a layer of `hidden` channels with activation, dropout, linear classifier (arXiv:1905.02244, §5.1).

    The hidden `layer` is "linear", or a "conv" over the 1×1 map as timm stores it; "conv_norm" adds a norm to that,
    as MobileNetV4 does.
    """

    widths: ClassVar[tuple[str, ...]] = ("hidden",)

    head: Literal["hidden"] = "hidden"
    hidden: Channels
    layer: Literal["linear", "conv", "conv_norm"] = "linear"

    def lower(self, build: Recipe, x: Value, num_classes: int) -> Value:
        if self.layer == "linear":
            x = build.act(build.linear(build.mean(x), "hidden", self.hidden, width=FREE), "act")
        else:
            x = build.add(GlobalAvgPool(keepdim=True), x, name=build.named("pool"))
            normed = self.layer == "conv_norm" and build.normalises
            x = build.conv(x, "hidden", self.hidden, bias=not normed, width=FREE)
            x = build.act(build.norm(x, "norm") if normed else x, "act")
            x = build.add(Flatten(), x, name=build.named("flatten"))
        return build.classify(x, self.dropout, num_classes)
