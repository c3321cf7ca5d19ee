"""Blocks of one kind laid over one another: which nodes all have, which some, and what each reads in each block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import networkx as nx

from nas.export.recording import Block, Recording
from nas.graph import Node, Op, Ref, Shape
from nas.graph.node import Width
from nas.graph.ops import StochasticDepth

Value: TypeAlias = tuple[str, int]  # (role, which of its outputs)

ENTRY: Value = ("", 0)  # what a block reads


class NoCommonForm(Exception):  # noqa: N818 - it says what was found, and is caught before anyone sees it
    """These blocks are no blocks of one class."""


@dataclass
class Use:
    """One role in all blocks; each list has an item a block, None where the block lacks the role."""

    role: str
    ops: list[Op | None]
    paths: list[tuple[str, ...] | None]  # the parts of its name below the block's
    inputs: list[tuple[Value, ...] | None]
    widths: list[Width | None]
    shapes: list[tuple[Shape, ...] | None]

    @property
    def there(self) -> tuple[bool, ...]:
        """In which blocks it is."""
        return tuple(op is not None for op in self.ops)

    @property
    def op(self) -> Op:
        """The op of the first block that has it."""
        return next(op for op in self.ops if op is not None)


@dataclass
class Group:
    """So many blocks as one: their roles in an order in which all run, and what each block returns."""

    size: int
    uses: dict[str, Use]
    results: list[Value]
    entries: list[Shape]
    columns: list[dict[str, Any]]
    offsets: list[int] = field(default_factory=list)
    names: list[dict[str, str]] = field(default_factory=list)  # node name -> role, of each block

    def offset(self, block: int) -> int:
        """The number of a block's first layer, where its layers stand among others in one list."""
        return self.offsets[block] if self.offsets else 0

    def source(self, name: str, block: int) -> str | None:
        """The role of the node of that name, where it stands in that block."""
        return self.names[block].get(name) if self.names else None

    def shape(self, value: Value, block: int) -> Shape:
        """The shape of a value in one block."""
        if value == ENTRY:
            return self.entries[block]
        shapes = self.uses[value[0]].shapes[block]
        assert shapes is not None
        return shapes[value[1]]


def merged(recording: Recording, blocks: Sequence[Block], columns: list[dict[str, Any]], drops: bool) -> Group:
    """The blocks as one group; NoCommonForm where their roles follow one another in no common order."""
    tables = [_roles(recording, block, drops) for block in blocks]
    order: nx.DiGraph[str] = nx.DiGraph()
    for table in tables:
        order.add_nodes_from(table)
        nx.add_path(order, table)
    place = {role: number for number, role in enumerate(dict.fromkeys(role for table in tables for role in table))}
    try:
        roles = list(nx.lexicographical_topological_sort(order, key=place.__getitem__))
    except nx.NetworkXUnfeasible:
        raise NoCommonForm from None
    uses = {role: _use(recording, role, tables, blocks) for role in roles}
    group = Group(
        len(blocks),
        uses,
        [_value(table, block, block.output) for table, block in zip(tables, blocks, strict=True)],
        [recording.shapes[block.source[0]][block.source[1]] for block in blocks],
        columns,
        [] if blocks[0].whole else [first_number(block) for block in blocks],
        [{node.name: role for role, node in table.items()} for table in tables],
    )
    for use in uses.values():
        if len({type(op) for op in use.ops if op is not None}) > 1:
            raise NoCommonForm
        if len({len(inputs) for inputs in use.inputs if inputs is not None}) > 1:
            raise NoCommonForm
    return group


def _roles(recording: Recording, block: Block, drops: bool) -> dict[str, Node]:
    """The block's nodes by role, without stochastic depth where the network has none."""
    return {
        recording.roles[node.name]: node for node in block.nodes if drops or not isinstance(node.op, StochasticDepth)
    }


def _value(table: dict[str, Node], block: Block, ref: Ref) -> Value:
    """A wire inside the block as a value; what is left out is what it reads."""
    if ref == block.source:
        return ENTRY
    for role, node in table.items():
        if node.name == ref[0]:
            return role, ref[1]
    left_out = next(node for node in block.nodes if node.name == ref[0])
    return _value(table, block, left_out.inputs[0])


def _use(recording: Recording, role: str, tables: list[dict[str, Node]], blocks: Sequence[Block]) -> Use:
    use = Use(role, [], [], [], [], [])
    for table, block in zip(tables, blocks, strict=True):
        node = table.get(role)
        use.ops.append(None if node is None else node.op)
        use.paths.append(None if node is None else _path(node.name, block))
        use.inputs.append(None if node is None else tuple(_value(table, block, ref) for ref in node.inputs))
        use.widths.append(None if node is None else node.width)
        use.shapes.append(None if node is None else recording.shapes[node.name])
    return use


def _path(name: str, block: Block) -> tuple[str, ...]:
    """The name below the block's: of one that is no module of its own, below the module that its layers stand in."""
    prefix = block.prefix if block.whole else common(block)
    return tuple(name.removeprefix(f"{prefix}.").split(".")) if name.startswith(f"{prefix}.") else (name,)


def first_number(block: Block) -> int:
    """The number of the first layer of a block whose layers stand in one list with others."""
    below = [node.name.removeprefix(f"{common(block)}.").split(".")[0] for node in block.nodes]
    numbers = [int(name) for name in below if name.isdecimal()]
    if not numbers:
        raise NoCommonForm
    return min(numbers)


def common(block: Block) -> str:
    """The module in which the layers of a block stand that is no module of its own."""
    names = [node.name.rpartition(".")[0] for node in block.nodes if node.op.params]
    return min(names, key=len)
