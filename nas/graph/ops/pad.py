"""Zeros around a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from nas.errors import GraphError
from nas.graph.op import LARGEST, Op, Shape, image

Sides: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class ZeroPad2d(Op):
    """Zeros added (left, right, top, bottom), as in torch.nn; a negative number cuts off as many pixels."""

    kind: ClassVar[str] = "zero_pad2d"
    fresh: ClassVar[bool] = True

    padding: Sides

    def __post_init__(self) -> None:
        sides = tuple(self.padding) if isinstance(self.padding, (tuple, list)) else ()
        if len(sides) != 4 or not all(type(side) is int and -LARGEST <= side <= LARGEST for side in sides):
            raise GraphError(f"padding={self.padding!r}: give four whole numbers (left, right, top, bottom)")
        object.__setattr__(self, "padding", sides)

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels, height, width = image(inputs[0], self.kind)
        left, right, top, bottom = self.padding
        made = channels, height + top + bottom, width + left + right
        if min(made) < 1:
            raise GraphError(f"{self.kind} by {self.padding} leaves nothing of {inputs[0]}")
        return (made,)
