"""Ops that join, part or reshape tensors. Axes count from 0 within one image (the batch axis is not counted)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

from nas.errors import GraphError
from nas.graph.op import Flow, Op, Shape, channel_axis, count, image, sizes


def broadcast(*shapes: Shape) -> Shape:
    """The common shape of tensors of equal rank whose axes agree or are 1."""
    if len({len(shape) for shape in shapes}) != 1:
        raise GraphError(f"shapes {', '.join(map(str, shapes))} have different ranks")
    sizes = []
    for axis in zip(*shapes, strict=True):
        wide = {size for size in axis if size != 1}
        if len(wide) > 1:
            raise GraphError(f"shapes {', '.join(map(str, shapes))} do not fit together")
        sizes.append(max(axis))
    return tuple(sizes)


@dataclass(frozen=True, slots=True)
class Add(Op):
    """Element-wise sum of two or more tensors."""

    kind: ClassVar[str] = "add"
    fresh: ClassVar[bool] = True
    fewest: ClassVar[int] = 2
    most: ClassVar[int | None] = None

    @property
    def inplace(self) -> bool:
        return True

    @property
    def flow(self) -> Flow:
        return "joins"

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (broadcast(*inputs),)

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        if len(inputs) == 2 or inputs[0] == outputs[0]:
            return 0
        most, running = prod(outputs[0]), broadcast(*inputs[:2])  # a running total widens by a copy, else in place
        held = prod(running)
        for term in inputs[2:]:
            wider = broadcast(running, term)
            if wider != running:
                most, held, running = max(most, held + prod(wider)), prod(wider), wider
        return most - prod(outputs[0])


@dataclass(frozen=True, slots=True)
class Multiply(Op):
    """Element-wise product of two tensors (a gate (C, 1, 1) times a map (C, H, W), or x · x)."""

    kind: ClassVar[str] = "multiply"
    fresh: ClassVar[bool] = True
    fewest: ClassVar[int] = 2
    most: ClassVar[int | None] = 2

    @property
    def flow(self) -> Flow:
        return "joins"

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (broadcast(*inputs),)


@dataclass(frozen=True, slots=True)
class Concat(Op):
    """The inputs side by side along `axis`."""

    kind: ClassVar[str] = "concat"
    most: ClassVar[int | None] = None

    axis: int = 0

    @property
    def flow(self) -> Flow:
        return "concatenates"

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        first, axis = inputs[0], self.axis
        rest = {shape[:axis] + shape[axis + 1 :] for shape in inputs}
        if not 0 <= axis < len(first) or len({len(shape) for shape in inputs}) > 1 or len(rest) > 1:
            raise GraphError(f"shapes {', '.join(map(str, inputs))} cannot be joined along axis {axis}")
        return ((*first[:axis], sum(shape[axis] for shape in inputs), *first[axis + 1 :]),)


@dataclass(frozen=True, slots=True)
class Split(Op):
    """The input cut along `axis` into parts of the given `sizes`: one output a part."""

    kind: ClassVar[str] = "split"
    view: ClassVar[bool] = True

    sizes: tuple[int, ...]
    axis: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", sizes(self.sizes, "sizes"))

    @property
    def flow(self) -> Flow:
        return "splits"

    @property
    def results(self) -> int:
        return len(self.sizes)

    def resized(self, inputs: tuple[Shape, ...], channels: tuple[int, ...]) -> Split:
        return replace(self, sizes=channels) if self.axis == channel_axis(inputs[0]) else self

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        shape, axis = inputs[0], self.axis
        if not 0 <= axis < len(shape) or shape[axis] != sum(self.sizes):
            raise GraphError(f"split into {self.sizes} along axis {axis} does not fit {shape}")
        return tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in self.sizes)


@dataclass(frozen=True, slots=True)
class ChannelShuffle(Op):
    """The channels of a map, as `groups` equal groups, dealt out one of each group in turn (ShuffleNet)."""

    kind: ClassVar[str] = "channel_shuffle"
    fresh: ClassVar[bool] = True

    groups: int

    def __post_init__(self) -> None:
        count(self.groups, "groups")

    @property
    def flow(self) -> Flow:
        return "mixes"

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = image(inputs[0], self.kind)[0]
        if channels % self.groups:
            raise GraphError(f"{self.kind} groups={self.groups} must divide its {channels} channels")
        return inputs


@dataclass(frozen=True, slots=True)
class Flatten(Op):
    """All axes from `axis` on as one: (C, H, W) -> (C·H·W,)."""

    kind: ClassVar[str] = "flatten"
    view: ClassVar[bool] = True

    axis: int = 0

    @property
    def flow(self) -> Flow:
        return "reshapes"

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        if not 0 <= self.axis < len(inputs[0]):
            raise GraphError(f"flatten from axis {self.axis} does not fit {inputs[0]}")
        return ((*inputs[0][: self.axis], prod(inputs[0][self.axis :])),)
