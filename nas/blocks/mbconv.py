"""MBConv: the mobile inverted bottleneck with squeeze-excite (MnasNet, arXiv:1807.11626)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nas.blocks.recipe import Recipe, Value
from nas.blocks.row import Kernel, Ratio, Stage


class MBConv(Stage):
    """1×1 to `expand` × the block's input, depthwise `kernel`, squeeze-excite, 1×1 to `channels`.

    `se` is the squeeze ratio relative to the block's input (0: none). With expand 1 there is no first 1×1.
    """

    block: Literal["mbconv"] = "mbconv"
    expand: Ratio = 6
    kernel: Kernel = 3
    se: Annotated[float, Field(ge=0, le=1)] = 0.25

    @property
    def variant(self) -> str:
        return "mbconv_e1" if self.expand == 1 else "mbconv"

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = x if self.expand == 1 else build.widen(x, "expand", self.expand)
        y = build.conv_norm_act(y, "depthwise", y.channels, self.kernel, stride, groups=y.channels)
        if self.se:
            y = build.squeeze_excite(y, x, self.se)
        y = build.conv_norm(y, "project", self.channels, width=build.beside(x, stride))
        return build.residual(y, x) if y.shape == x.shape and stride == 1 else y
