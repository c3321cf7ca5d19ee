"""MBConv: the mobile inverted bottleneck with squeeze-excite (MnasNet, arXiv:1807.11626)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nas.blocks.recipe import Recipe, Value
from nas.blocks.row import Kernel, Ratio, Stage


class InvertedBottleneck(Stage):
    """1×1 to `expand` × the block's input, depthwise `kernel`, squeeze-excite, 1×1 to `channels`.

    With expand 1 there is no first 1×1; `se` 0 is no squeeze-excite. What the kinds do in their own way is a method.
    """

    expand: Ratio = 6
    kernel: Kernel = 3
    se: Annotated[float, Field(ge=0, le=1)] = 0.25

    @property
    def variant(self) -> str:
        return "mbconv_e1" if self.expand == 1 else "mbconv"

    @property
    def function(self) -> str | None:
        """The activation; None: the network's."""
        return None

    def widened(self, build: Recipe, x: Value) -> Value:
        """The first 1×1."""
        return build.widen(x, "expand", self.expand)

    def squeezed(self, build: Recipe, x: Value, y: Value) -> Value:
        """Squeeze-excite of `y`, in the block of input `x`."""
        return build.squeeze_excite(y, x, self.se)

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = x if self.expand == 1 else self.widened(build, x)
        inner, kernel = y.channels, self.kernel
        y = build.conv_norm_act(y, "depthwise", inner, kernel, stride, groups=inner, function=self.function)
        if self.se:
            y = self.squeezed(build, x, y)
        y = build.conv_norm(y, "project", self.channels, width=build.beside(x, stride))
        return build.residual(y, x) if y.shape == x.shape and stride == 1 else y


class MBConv(InvertedBottleneck):
    """The inverted bottleneck of MnasNet and EfficientNet: `se` is the squeeze ratio relative to the block's input."""

    block: Literal["mbconv"] = "mbconv"
