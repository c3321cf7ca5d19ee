"""MBConv: the mobile inverted bottleneck with squeeze-excite (MnasNet, arXiv:1807.11626)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nas.blocks.inverted_residual import InvertedBottleneck
from nas.blocks.recipe import Recipe, Value


class SqueezedBottleneck(InvertedBottleneck):
    """An inverted bottleneck whose depthwise convolution is squeezed and excited, to the ratio `se` (0: not)."""

    se: Annotated[float, Field(ge=0, le=1)] = 0.25

    @property
    def variant(self) -> str:
        return "mbconv_e1" if self.expand == 1 else "mbconv"

    def squeezed(self, build: Recipe, x: Value, y: Value) -> Value:
        return self.excited(build, x, y) if self.se else y

    def excited(self, build: Recipe, x: Value, y: Value) -> Value:
        """Squeeze-excite of `y`."""
        return build.squeeze_excite(y, x, self.se)


class MBConv(SqueezedBottleneck):
    """The inverted bottleneck of MnasNet and EfficientNet: `se` is the squeeze ratio relative to the block's input."""

    block: Literal["mbconv"] = "mbconv"
