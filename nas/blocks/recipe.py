"""The words that block recipes are written in: convolution, norm, activation, squeeze-excite, residual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from nas.blocks.row import Convolution, Norm
from nas.graph import FREE, GraphBuilder, Pair, Shape, Value, Width
from nas.graph.ops import (
    Activation,
    Add,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Linear,
    Multiply,
    Parameter,
    Scale,
    StochasticDepth,
)
from nas.graph.ops.pointwise import GAINS
from nas.naming import Naming, Place, Verbatim

BATCH, PLAIN = Norm(), Convolution()

WidthRounding: TypeAlias = Literal["nearest", "down", "divisible"]


@dataclass(frozen=True, slots=True)
class Habits:
    """What all parts of a network share; each field means what it means in an Architecture."""

    activation: str = "relu"
    activation_gain: bool = False
    norm: Norm = BATCH
    convolution: Convolution = PLAIN
    padding: Literal["symmetric", "same"] = "symmetric"
    drop_path: float = 0.0
    drop_path_at: Literal["end", "last"] = "end"


class Recipe(GraphBuilder):
    """A graph under construction that knows the network's habits and names.

    A node is added under a role, "group.part" ("expand.conv"); the naming table turns the role and the
    current place into the node's name.
    """

    def __init__(
        self,
        input_shape: Shape,
        habits: Habits,
        naming: Naming | Verbatim,
        *,
        repeats: Sequence[int] = (),
        rows: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.habits = habits
        self._naming, self._repeats, self._rows = naming, tuple(repeats), tuple(rows)
        self._place = Place("stem", 0, 0, self._repeats, self._rows)
        super().__init__(input_shape)

    def enter(self, part: Literal["stem", "head"]) -> None:
        """Nodes from here on belong to the stem or the head."""
        self.stage, self.block = part, None
        self._place = Place(part, 0, 0, self._repeats, self._rows)

    def enter_stage(self, variant: str, stage: int, block: int) -> None:
        """Nodes from here on belong to stage `stage` (from 1) but to none of its blocks, of which `block` is near."""
        self.stage, self.block = f"stage{stage}", None
        self._place = Place(variant, stage, block, self._repeats, self._rows)

    def enter_block(self, variant: str, stage: int, block: int) -> None:
        """Nodes from here on belong to block `block` (from 0) of stage `stage` (from 1)."""
        self.enter_stage(variant, stage, block)
        self.block = block

    @contextmanager
    def at_last_stage(self, really: bool = True) -> Iterator[None]:
        """Nodes of the head count to the last stage meanwhile, whose map they make."""
        here, self.stage = self.stage, f"stage{len(self._repeats)}" if really else self.stage
        yield
        self.stage = here

    @property
    def passed(self) -> int:
        """The blocks of one shape before this: those before it in its stage, or all of the stage before."""
        if self._place.block or self._place.stage < 2:
            return self._place.block
        return self._repeats[self._place.stage - 2]

    def at(self, stage: str, block: int | None = None) -> None:
        """From here on nodes belong to that stage ("stem", "stage1", "head") and block (networks without a table)."""
        self.stage, self.block = stage, block

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
        padding: int | None = None,
        bias: bool = False,
        plain: bool = False,
        width: Width | None = None,
    ) -> Value:
        """A convolution of the network's kind, or a `plain` one.

        It has an odd kernel, padded so that only its stride changes the map's size. A `padding` in pixels overrules
        that and the network's habit: 0 cuts the map into patches of an even kernel.
        """
        kh, kw = kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        pads: Literal["same"] | Pair = (kh // 2 * dilation, kw // 2 * dilation)
        if padding is not None:
            pads = (padding, padding)
        elif self.habits.padding == "same" and max(kernel) > 1:
            pads = "same"
        both = (stride, stride), pads, (dilation, dilation)
        kind = PLAIN if plain else self.habits.convolution
        op = kind.op(x.channels, channels, kernel, *both, groups, bias)
        return self.add(op, x, name=self.named(role), width=width)

    def norm(self, x: Value, role: str, norm: Norm | None = None) -> Value:
        """The network's normalisation, if it has any, or another."""
        op = (norm or self.habits.norm).op(x.channels)
        return x if op is None else self.add(op, x, name=self.named(role))

    @property
    def normalises(self) -> bool:
        """Whether the network has norms; without, its convolutions have a bias."""
        return self.habits.norm.kind != "none"

    def linear(self, x: Value, role: str, features: int, *, bias: bool = True, width: Width | None = None) -> Value:
        """A linear layer over the channels of a vector, of tokens or of a map."""
        return self.add(Linear(x.channels, features, bias), x, name=self.named(role), width=width)

    def act(self, x: Value, role: str, function: str | None = None) -> Value:
        """The network's activation, and its gain where it has one; or another activation."""
        y = self.add(Activation(function or self.habits.activation), x, name=self.named(role))
        if function or not self.habits.activation_gain:
            return y
        return self.add(Scale(GAINS[self.habits.activation]), y, name=f"{self.named(role)}_gain")

    def conv_norm(
        self,
        x: Value,
        group: str,
        channels: int,
        kernel: int | Pair = 1,
        stride: int = 1,
        *,
        groups: int = 1,
        dilation: int = 1,
        padding: int | None = None,
        width: Width | None = None,
    ) -> Value:
        """Convolution, with a bias only in a network without norms, then normalisation."""
        y = self.conv(
            x,
            f"{group}.conv",
            channels,
            kernel,
            stride,
            groups=groups,
            dilation=dilation,
            padding=padding,
            bias=not self.normalises,
            width=width,
        )
        return self.norm(y, f"{group}.norm")

    def conv_norm_act(
        self,
        x: Value,
        group: str,
        channels: int,
        kernel: int | Pair = 1,
        stride: int = 1,
        *,
        groups: int = 1,
        dilation: int = 1,
        padding: int | None = None,
        width: Width | None = None,
        function: str | None = None,
    ) -> Value:
        """Convolution, normalisation, activation (the network's, or another `function`)."""
        y = self.conv_norm(
            x, group, channels, kernel, stride, groups=groups, dilation=dilation, padding=padding, width=width
        )
        return self.act(y, f"{group}.act", function)

    def widen(
        self,
        x: Value,
        group: str,
        ratio: float,
        kernel: int = 1,
        stride: int = 1,
        *,
        rounding: WidthRounding = "nearest",
        divisor: int = 1,
        function: str | None = None,
    ) -> Value:
        """conv_norm_act to `ratio` × the channels of `x`: a derived width."""
        width = Width("derived", x.node, ratio, rounding, divisor=divisor)
        return self.conv_norm_act(x, group, width.channels(x.channels), kernel, stride, width=width, function=function)

    def squeeze_excite(
        self,
        x: Value,
        source: Value,
        ratio: float,
        rounding: WidthRounding = "down",
        *,
        divisor: int = 1,
        function: str | None = None,
        gate: str = "sigmoid",
    ) -> Value:
        """Squeeze-and-excitation of `x` (Hu et al. 2018) through `ratio` × the channels of `source`."""
        width = Width("derived", source.node, ratio, rounding, divisor=divisor)
        y = self.add(GlobalAvgPool(keepdim=True), x, name=self.named("se.pool"))
        y = self.conv(y, "se.reduce", width.channels(source.channels), bias=True, plain=True, width=width)
        y = self.conv(self.act(y, "se.act", function), "se.expand", x.channels, bias=True, plain=True)
        return self.add(Multiply(), self.act(y, "se.gate", gate), x, name=self.named("se.scale"))

    def mean(self, x: Value, *, keepdim: bool = False) -> Value:
        """The mean over the whole map: (C, H, W) -> (C,), or with `keepdim` (C, 1, 1)."""
        return self.add(GlobalAvgPool(keepdim), x, name=self.named("pool"))

    def classify(self, x: Value, dropout: float, num_classes: int) -> Value:
        """Dropout at that rate (0: none) and the linear classifier of a vector; `num_classes` 0 leaves that out.

        That of a map (C, 1, 1) is a 1×1 convolution.
        """
        if dropout:
            x = self.add(Dropout(dropout), x, name=self.named("dropout"))
        if len(x.shape) == 1:
            return self.linear(x, "fc", num_classes) if num_classes else x
        x = self.conv(x, "fc", num_classes, bias=True, plain=True) if num_classes else x
        return self.add(Flatten(), x, name=self.named("flatten"))

    def beside(self, x: Value, stride: int) -> Width:
        """The mark of a free width whose output the block adds to `x` where the two have one shape."""
        return Width("free", x.node) if stride == 1 else FREE

    def scaled(self, x: Value, group: str, start: float) -> Value:
        """`x` times a trainable factor a channel (layer scale, Touvron et al. 2021) that starts at `start`."""
        shape = (x.channels, 1, 1)
        op = Parameter(shape, start, shape if self._naming.scales_as_maps else shape[:1])
        scale = self.add(op, name=self.named(f"{group}.scale"))
        return self.add(Multiply(), x, scale, name=self.named(f"{group}.scaled"))

    def residual(self, branch: Value, shortcut: Value, group: str = "") -> Value:
        """branch + shortcut; in training the branch is dropped at a rate that grows with depth.

        A block with several names the `group` of each.
        """
        group = f"{group}." if group else ""
        op = StochasticDepth(at=self.habits.drop_path_at).growing(
            self.habits.drop_path, self._place.flat, sum(self._repeats)
        )
        branch = self.add(op, branch, name=self.named(f"{group}drop_path"))
        return self.add(Add(), branch, shortcut, name=self.named(f"{group}add"))


__all__ = ["FREE", "Habits", "Norm", "Recipe", "Value", "Width"]
