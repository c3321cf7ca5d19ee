"""GhostNet's bottleneck (Han et al. 2020, arXiv:1911.11907, Figure 3)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nas.blocks.halves import Halved, half_of
from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.blocks.row import Kernel, Ratio
from nas.graph.ops import Concat


class GhostBottleneck(Halved):
    """Ghost module to `expand` × the block's input, squeeze-excite, ghost module to `channels`, added to the shortcut.

    Between the modules a block with a stride has a depthwise `kernel`; where the shape changes, so has the shortcut,
    and a 1×1. `se` is the squeeze ratio relative to the expanded width (0: none); the inner widths are multiples of 4.
    """

    block: Literal["ghost"] = "ghost"
    expand: Ratio = 6
    kernel: Kernel = 3
    se: Annotated[float, Field(ge=0, le=1)] = 0

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        inner = Width("derived", x.node, self.expand, "divisible", divisor=4)
        y = ghost(build, x, "ghost1", inner.channels(x.channels), inner, function="relu")
        if stride > 1:
            y = build.conv_norm(y, "depthwise", y.channels, self.kernel, stride, groups=y.channels)
        if self.se:
            y = build.squeeze_excite(y, y, self.se, "divisible", divisor=4, gate="hardsigmoid")
        y = ghost(build, y, "ghost2", self.channels, build.beside(x, stride))
        if stride > 1 or x.channels != self.channels:
            x = build.conv_norm(x, "shortcut.depthwise", x.channels, self.kernel, stride, groups=x.channels)
            x = build.conv_norm(x, "shortcut", self.channels, width=FREE)
        return build.residual(y, x)


def ghost(build: Recipe, x: Value, group: str, channels: int, width: Width, function: str = "") -> Value:
    """Half of the `channels` by a 1×1 convolution, and half from those by a depthwise 3×3 (arXiv:1911.11907, §3.1)."""
    joined = build.named(f"{group}.concat")  # the node that has all the channels is named before it is made
    half = half_of(joined)
    parts = []
    for part, kernel, groups in (("primary", 1, 1), ("cheap", 3, half.channels(channels))):
        x = build.conv_norm(x, f"{group}.{part}", half.channels(channels), kernel, groups=groups, width=half)
        x = build.act(x, f"{group}.{part}.act", function) if function else x
        parts.append(x)
    return build.add(Concat(), *parts, name=joined, width=width)
