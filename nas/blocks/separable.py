"""The depthwise-separable convolution of MobileNetV1 (Howard et al. 2017, arXiv:1704.04861, Figure 3)."""

from __future__ import annotations

from typing import Literal

from nas.blocks.recipe import FREE, Recipe, Value
from nas.blocks.row import Kernel, Stage


class Separable(Stage):
    """Depthwise `kernel` with norm and activation, then 1×1 to `channels` with norm; no shortcut.

    The `output` is "activated", or "linear" as in MnasNet's first block.
    """

    block: Literal["separable"] = "separable"
    kernel: Kernel = 3
    output: Literal["activated", "linear"] = "activated"

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        y = build.conv_norm_act(x, "depthwise", x.channels, self.kernel, stride, groups=x.channels)
        y = build.conv_norm(y, "project", self.channels, width=FREE)
        return build.act(y, "project.act") if self.output == "activated" else y
