"""Ops without inputs: the image, and trainable tensors that belong to no layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

from nas.errors import GraphError
from nas.graph.op import Flow, Op, Shape, channel_axis, number, sizes


@dataclass(frozen=True, slots=True)
class Source(Op):
    """What the input and a bare parameter share: no inputs, and the shape of the one output."""

    fewest: ClassVar[int] = 0
    most: ClassVar[int | None] = 0

    shape: Shape

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", sizes(self.shape, "shape"))

    @property
    def flow(self) -> Flow:
        return "makes"

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        return (self.shape,)


@dataclass(frozen=True, slots=True)
class Input(Source):
    """The image; `shape` (channels, height, width) is the canonical one, which callers may override."""

    kind: ClassVar[str] = "input"


@dataclass(frozen=True, slots=True)
class Parameter(Source):
    """A trainable tensor used as it is, the same for every image (a class token, a layer scale); starts at `value`.

    `shape` is what it is to one image. A state dict holds it with a batch axis of 1 in front, or in the shape
    `stored`, of as many elements: (C,) for a scale (C, 1, 1), () for a number (1, 1, 1).
    """

    kind: ClassVar[str] = "parameter"

    value: float = 0.0
    stored: Shape | None = None

    def __post_init__(self) -> None:
        Source.__post_init__(self)
        number(self.value, "value")
        if self.stored is not None:
            object.__setattr__(self, "stored", sizes(self.stored, "stored") if self.stored else ())
            if prod(self.stored or ()) != prod(self.shape):
                raise GraphError(f"parameter stored={self.stored}: must have as many elements as shape {self.shape}")

    def resized(self, inputs: tuple[Shape, ...], channels: tuple[int, ...]) -> Parameter:
        axis = channel_axis(self.shape)
        old, new = self.shape[axis], channels[0]
        stored = self.stored and tuple(new if size == old else size for size in self.stored)
        return replace(self, shape=(*self.shape[:axis], new, *self.shape[axis + 1 :]), stored=stored)

    @property
    def params(self) -> int:
        return prod(self.shape)

    def canonical(self) -> dict[str, object]:
        return {"shape": self.shape}  # the start changes training only, the stored shape a file
