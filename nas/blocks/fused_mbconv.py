"""Fused-MBConv: expansion and depthwise convolution as one full convolution (EfficientNetV2, arXiv:2104.00298)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nas.blocks.recipe import Recipe, Value
from nas.blocks.row import Kernel, Ratio, Stage


class FusedMBConv(Stage):
    """`kernel` convolution to `expand` × the block's input, squeeze-excite, 1×1 to `channels`.

    With expand 1 one `kernel` convolution to `channels` does it all, after the squeeze-excite if there is
    one (google/automl effnetv2_model.py). No published network has `se` here.
    """

    block: Literal["fused_mbconv"] = "fused_mbconv"
    expand: Ratio = 4
    kernel: Kernel = 3
    se: Annotated[float, Field(ge=0, le=1)] = 0

    @property
    def variant(self) -> str:
        return "fused_mbconv_e1" if self.expand == 1 else "fused_mbconv"

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = x if self.expand == 1 else build.widen(x, "fused", self.expand, self.kernel, stride)
        if self.se:
            y = build.squeeze_excite(y, x, self.se)
        if self.expand == 1:
            y = build.conv_norm_act(y, "fused", self.channels, self.kernel, stride, width=build.beside(x, stride))
        else:
            y = build.conv_norm(y, "project", self.channels, width=build.beside(x, stride))
        return build.residual(y, x) if y.shape == x.shape and stride == 1 else y
