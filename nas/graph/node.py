"""A node of a graph: an op, its ordered inputs, and where it stands in the network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nas.errors import GraphError
from nas.graph.op import Op

Ref: TypeAlias = tuple[str, int]  # (node name, which of its outputs)

NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class Width:
    """Where a node's channel count comes from; scaling reads it.

    "free": a number of the table, which a width multiplier scales. Where its output has the shape of `source`,
        the block adds that as a shortcut; a scaling that changes whether it does has no graph to follow.
    "derived": `ratio` × the channels of node `source`, rounded to the nearest integer ("down": truncated,
    at least 1), and never scaled on its own.
    """

    origin: Literal["free", "derived"]
    source: str = ""
    ratio: float = 1.0
    rounding: Literal["nearest", "down"] = "nearest"

    def channels(self, source_channels: int) -> int:
        """The derived channel count, given the source's."""
        exact = source_channels * self.ratio
        return max(1, int(exact if self.rounding == "down" else exact + 0.5))


FREE = Width("free")


@dataclass(frozen=True, slots=True)
class Node:
    """`name` is a dotted module path; `stage` ("stem", "stage1", …, "head") and `block` (from 0) locate it."""

    name: str
    op: Op
    inputs: tuple[Ref, ...] = ()
    stage: str = ""
    block: int | None = None
    width: Width | None = field(default=None)

    def __post_init__(self) -> None:
        if len(self.name) > 200 or not NAME.fullmatch(self.name):
            raise GraphError(f"node name {self.name!r}: use letters, digits, _ and - in parts joined by dots")
        given, fewest, most = len(self.inputs), self.op.fewest, self.op.most
        if given < fewest or (most is not None and given > most):
            wanted = f"{fewest}" if most == fewest else f"at least {fewest}"
            raise GraphError(f"node {self.name!r}: {self.op.kind} takes {wanted} inputs, got {given}")
