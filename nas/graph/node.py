"""A node of a graph: an op, its ordered inputs, and where it stands in the network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nas.errors import GraphError, unknown
from nas.graph.op import Op, count, number

Ref: TypeAlias = tuple[str, int]  # (node name, which of its outputs)

ROUNDINGS = ("nearest", "down", "divisible")
NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class Width:
    """Where a node's channel count comes from; scaling reads it.

    "free": a number of the table, which a width multiplier scales. Where its output has the shape of `source`,
        the block adds that as a shortcut; a scaling that changes whether it does has no graph to follow.
    "derived": `ratio` × the channels of node `source`, rounded to the nearest multiple of `divisor`, or "down" to
    one, or "divisible": to the nearest, and one step up again where that loses more than a tenth (TensorFlow's
    make_divisible); at least `least` and at least one `divisor`; minus the channels of node `less`, beside which it
    is to stand. It is never scaled on its own.

    `group` is the width of a group in a grouped convolution (0: not one), which a single group does not show. Where
    the number of groups stays and their width follows, that number is `cardinality`.
    """

    origin: Literal["free", "derived"]
    source: str = ""
    ratio: float = 1.0
    rounding: Literal["nearest", "down", "divisible"] = "nearest"
    group: int = 0
    divisor: int = 1
    least: int = 1
    cardinality: int = 0
    less: str = ""

    def __post_init__(self) -> None:
        for value, known in ((self.origin, ("free", "derived")), (self.rounding, ROUNDINGS)):
            if value not in known:
                raise GraphError(unknown("width", value, known))
        for column, name in (("source", self.source), ("less", self.less)):
            if not isinstance(name, str):
                raise GraphError(f"width {column}={name!r}: must be the name of a node")
        number(self.ratio, "width ratio", 0)
        if self.ratio == 0:
            raise GraphError("width ratio=0: must be above 0")
        count(self.divisor, "width divisor")
        count(self.least, "width least")

    def channels(self, source_channels: int, less: int = 0) -> int:
        """The derived channel count, given the source's and those of `less`."""
        exact = source_channels * self.ratio
        found = int(exact if self.rounding == "down" else exact + self.divisor / 2) // self.divisor * self.divisor
        found = max(found, self.least, self.divisor)
        return (found + self.divisor if self.rounding == "divisible" and found < 0.9 * exact else found) - less


FREE = Width("free")


def wire(value: object, where: str) -> Ref:
    """`value` as (node name, output index); GraphError that begins with `where` for anything else."""
    if isinstance(value, (tuple, list)) and len(value) == 2 and isinstance(value[0], str) and type(value[1]) is int:
        return value[0], value[1]
    raise GraphError(f"{where} {value!r}: give (node name, output index)")


def wires(values: object, where: str) -> tuple[Ref, ...]:
    """A list of them."""
    if not isinstance(values, (tuple, list)):
        raise GraphError(f"{where}s {values!r}: give a list of (node name, output index)")
    return tuple(wire(value, where) for value in values)


@dataclass(frozen=True, slots=True)
class Node:
    """`name` is a dotted module path; `stage` ("stem", "stage1", …, "head"; "aux" and "aux1", … for auxiliary
    classifiers) and `block` (from 0) locate it."""

    name: str
    op: Op
    inputs: tuple[Ref, ...] = ()
    stage: str = ""
    block: int | None = None
    width: Width | None = field(default=None)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or len(self.name) > 200 or not NAME.fullmatch(self.name):
            raise GraphError(f"node name {self.name!r}: use letters, digits, _ and - in parts joined by dots")
        if not isinstance(self.stage, str):
            raise GraphError(f"node {self.name!r}: stage must be a text, got {self.stage!r}")
        if self.block is not None and (type(self.block) is not int or self.block < 0):
            raise GraphError(f"node {self.name!r}: block must be a whole number from 0, got {self.block!r}")
        if self.width is not None and not isinstance(self.width, Width):
            raise GraphError(f"node {self.name!r}: width must be a Width, got {self.width!r}")
        if not isinstance(self.inputs, (tuple, list)):
            raise GraphError(f"node {self.name!r}: inputs must be a tuple of (node name, output index)")
        given, fewest, most = len(self.inputs), self.op.fewest, self.op.most
        if given < fewest or (most is not None and given > most):
            wanted = f"{fewest}" if most == fewest else f"at least {fewest}"
            raise GraphError(f"node {self.name!r}: {self.op.kind} takes {wanted} inputs, got {given}")
