"""A bare 1×1 convolution with batch norm: what "identity" means where the shape changes (NAS-Bench-Macro)."""

from __future__ import annotations

from typing import Literal

from nas.blocks.recipe import FREE, Recipe, Value
from nas.blocks.row import Stage


class Projection(Stage):
    """1×1 convolution to `channels` with the `stride`, then batch norm; no activation, no shortcut."""

    block: Literal["projection"] = "projection"

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        return build.conv_norm(x, "project", self.channels, 1, stride, width=FREE)
