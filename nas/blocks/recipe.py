"""The words that block recipes are written in: convolution, norm, activation, squeeze-excite, residual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nas.blocks.row import Norm
from nas.graph import FREE, GraphBuilder, Pair, Shape, Value, Width
from nas.graph.ops import (
    Activation,
    Add,
    Conv2d,
    Dropout,
    GlobalAvgPool,
    Linear,
    Multiply,
    StochasticDepth,
)
from nas.naming import Naming, Place


class Recipe(GraphBuilder):
    """A graph under construction that knows the network's habits: activation, norm, padding, names.

    A node is added under a role, "group.part" ("expand.conv"); the naming table turns the role and the
    current place into the node's name.
    """

    def __init__(
        self,
        input_shape: Shape,
        *,
        activation: str,
        norm: Norm,
        padding: Literal["symmetric", "same"],
        naming: Naming,
        repeats: Sequence[int],
        drop_path: float,
    ) -> None:
        self.activation, self._norm, self._padding, self._drop_path = activation, norm, padding, drop_path
        self._naming, self._repeats = naming, tuple(repeats)
        self._place = Place("stem", 0, 0, self._repeats)
        super().__init__(input_shape)

    def enter(self, part: Literal["stem", "head"]) -> None:
        """Nodes from here on belong to the stem or the head."""
        self.stage, self.block = part, None
        self._place = Place(part, 0, 0, self._repeats)

    def enter_stage(self, variant: str, stage: int, block: int) -> None:
        """Nodes from here on belong to stage `stage` (from 1) but to none of its blocks, of which `block` is near."""
        self.stage, self.block = f"stage{stage}", None
        self._place = Place(variant, stage, block, self._repeats)

    def enter_block(self, variant: str, stage: int, block: int) -> None:
        """Nodes from here on belong to block `block` (from 0) of stage `stage` (from 1)."""
        self.enter_stage(variant, stage, block)
        self.block = block

    def named(self, role: str) -> str:
        """The node name of a role at this place."""
        return self._naming.name(self._place, role)

    def conv(
        self,
        x: Value,
        role: str,
        channels: int,
        kernel: int | Pair = 1,
        stride: int = 1,
        *,
        groups: int = 1,
        dilation: int = 1,
        bias: bool = False,
        width: Width | None = None,
    ) -> Value:
        """A convolution with an odd kernel, padded so that only its stride changes the map's size."""
        kh, kw = kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding: Literal["same"] | Pair = (kh // 2 * dilation, kw // 2 * dilation)
        if self._padding == "same" and max(kernel) > 1:
            padding = "same"
        both = (stride, stride), padding, (dilation, dilation)
        op = Conv2d(x.channels, channels, kernel, *both, groups=groups, bias=bias)
        return self.add(op, x, name=self.named(role), width=width)

    def norm(self, x: Value, role: str) -> Value:
        """The network's normalisation, if it has any."""
        op = self._norm.op(x.channels)
        return x if op is None else self.add(op, x, name=self.named(role))

    @property
    def normalises(self) -> bool:
        """Whether the network has norms; without, its convolutions have a bias."""
        return self._norm.kind != "none"

    def linear(self, x: Value, role: str, features: int, *, bias: bool = True, width: Width | None = None) -> Value:
        """A linear layer over the channels of a vector, of tokens or of a map."""
        return self.add(Linear(x.channels, features, bias), x, name=self.named(role), width=width)

    def act(self, x: Value, role: str, function: str | None = None) -> Value:
        """The network's activation, or another."""
        return self.add(Activation(function or self.activation), x, name=self.named(role))

    def conv_norm(
        self,
        x: Value,
        group: str,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        *,
        groups: int = 1,
        width: Width | None = None,
    ) -> Value:
        """Convolution, with a bias only in a network without norms, then normalisation."""
        bias = not self.normalises
        y = self.conv(x, f"{group}.conv", channels, kernel, stride, groups=groups, bias=bias, width=width)
        return self.norm(y, f"{group}.norm")

    def conv_norm_act(
        self,
        x: Value,
        group: str,
        channels: int,
        kernel: int = 1,
        stride: int = 1,
        *,
        groups: int = 1,
        width: Width | None = None,
    ) -> Value:
        """Convolution, normalisation, activation."""
        return self.act(self.conv_norm(x, group, channels, kernel, stride, groups=groups, width=width), f"{group}.act")

    def widen(self, x: Value, group: str, ratio: float, kernel: int = 1, stride: int = 1) -> Value:
        """conv_norm_act to `ratio` × the channels of `x`: a derived width."""
        width = Width("derived", x.node, ratio)
        return self.conv_norm_act(x, group, width.channels(x.channels), kernel, stride, width=width)

    def squeeze_excite(
        self, x: Value, source: Value, ratio: float, rounding: Literal["nearest", "down"] = "down"
    ) -> Value:
        """Squeeze-and-excitation of `x` (Hu et al. 2018) through `ratio` × the channels of `source`."""
        width = Width("derived", source.node, ratio, rounding)
        gate = self.add(GlobalAvgPool(keepdim=True), x, name=self.named("se.pool"))
        gate = self.conv(gate, "se.reduce", width.channels(source.channels), bias=True, width=width)
        gate = self.conv(self.act(gate, "se.act"), "se.expand", x.channels, bias=True)
        return self.add(Multiply(), self.act(gate, "se.gate", "sigmoid"), x, name=self.named("se.scale"))

    def mean(self, x: Value) -> Value:
        """The mean over the whole map: (C, H, W) -> (C,)."""
        return self.add(GlobalAvgPool(), x, name=self.named("pool"))

    def classify(self, x: Value, dropout: float, num_classes: int) -> Value:
        """Dropout at that rate (0: none) and the linear classifier of a vector; `num_classes` 0 leaves that out."""
        if dropout:
            x = self.add(Dropout(dropout), x, name=self.named("dropout"))
        return self.linear(x, "fc", num_classes) if num_classes else x

    def beside(self, x: Value, stride: int) -> Width:
        """The mark of a free width whose output the block adds to `x` where the two have one shape."""
        return Width("free", x.node) if stride == 1 else FREE

    def residual(self, branch: Value, shortcut: Value) -> Value:
        """branch + shortcut; in training the branch is dropped at a rate that grows with depth."""
        rate = self._drop_path * self._place.flat / sum(self._repeats)
        branch = self.add(StochasticDepth(rate), branch, name=self.named("drop_path"))
        return self.add(Add(), branch, shortcut, name=self.named("add"))


__all__ = ["FREE", "Norm", "Recipe", "Value", "Width"]
