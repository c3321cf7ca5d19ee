"""Networks of cells cut into their parts: the ops and sums of blocks, what fits a cell's inputs, what joins its output.

All parts together are the whole network, and none is in another, so that what they cost and take adds up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from nas.cells import CellNetwork, lower_cells, steps
from nas.graph import Graph, GraphBuilder, Node, Op, Shape

Kind = Literal["normal", "reduction"]
KINDS: tuple[Kind, ...] = ("normal", "reduction")
Kinds: TypeAlias = Kind | Literal[""]  # "": none of them

# How `nas.cells` calls a block and the sides of it that its ops stand on, an input that the output joins, and the join.
OP, SIDES, OUTPUT, JOIN = "comb_iter_", ("_left", "_right"), "output_", "concat"
STEM, HEAD = "stem", "head"


class Form(NamedTuple):
    """What a part does to one map of `shape`: ops in running order, each with the values that it reads, of which 0 is
    the map and n what op n made. What a sum or a join reads from several places is that map several times."""

    shape: Shape
    ops: tuple[tuple[Op, tuple[int, ...]], ...]

    @property
    def graph(self) -> Graph:
        """The part as a network of its own."""
        build = GraphBuilder(self.shape)
        values = [build.input]
        for number, (op, sources) in enumerate(self.ops, start=1):
            values.append(build.add(op, *[values[source] for source in sources], name=f"op{number}"))
        return build.graph(values[-1:])


class CellPart(NamedTuple):
    """A part of a cell of a kind, or of what stands around the cells.

    `joined` is the kind of cell whose output it makes or reads, where it does: on how many states that joins the form
    depends. No part reads two outputs.
    """

    kind: Kinds
    name: str
    joined: Kinds
    form: Form

    @property
    def chosen(self) -> bool:
        """Whether the cell has it by choice: an op of a block, or an input in its output."""
        return self.name.startswith(OUTPUT) or self.name.endswith(SIDES)


def parts_of(network: CellNetwork, num_classes: int, in_chans: int) -> Iterator[CellPart]:
    """The parts of a network, a cell's in each of the cells."""
    graph = lower_cells(network, num_classes, in_chans)
    shapes, groups = graph.shapes(), defaultdict[tuple[str, str], list[Node]](list)
    kinds: dict[str, Kind] = {one.name: "normal" if one.kind == "normal" else "reduction" for one in steps(network)}
    for name, node in graph.nodes.items():
        cell, *below = name.split(".", 2)
        if node is not graph.input:
            groups[(cell, below[0]) if cell in kinds else ("", STEM if node.stage == STEM else HEAD)].append(node)
    outputs = {f"{cell}.{JOIN}": kind for cell, kind in kinds.items()}
    for (cell, name), nodes in groups.items():
        number, read = {node.name: place for place, node in enumerate(nodes, start=1)}, set[str]()
        ops = []
        for node in nodes:
            read |= {source for source, _ in node.inputs if source not in number}
            ops.append((node.op, tuple(number.get(source, 0) for source, _ in node.inputs)))
        (shape,) = {shapes[source][0] for source in read}  # several maps have one shape
        joined = {outputs[one] for one in (read | set(number)) & set(outputs)}
        yield CellPart(kinds.get(cell, ""), name, joined.pop() if joined else "", Form(shape, tuple(ops)))
