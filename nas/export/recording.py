"""Lowering once more, noting which role each node plays and where each block begins and ends."""

from __future__ import annotations

from dataclasses import dataclass

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.blocks.recipe import Recipe
from nas.graph import Graph, Node, Ref, Shape
from nas.lowering import lower_block, lower_edge, lower_head, lower_stem
from nas.naming import Naming, Place, naming_table


@dataclass(frozen=True)
class Block:
    """One block: its row and place (stages count from 1), the prefix of its names, its nodes, and its two ends."""

    row: Stage
    stage: int
    number: int
    prefix: str
    nodes: tuple[Node, ...]
    source: Ref
    output: Ref

    @property
    def whole(self) -> bool:
        """Whether it is a module of its own; else its layers stand among others."""
        return all(node.name.startswith(f"{self.prefix}.") for node in self.nodes if node.op.params)


@dataclass(frozen=True)
class Recording:
    """A graph, the role of each node, its shapes, and its blocks in running order."""

    graph: Graph
    roles: dict[str, str]
    shapes: dict[str, tuple[Shape, ...]]
    blocks: tuple[Block, ...]


class _Recorder(Recipe):
    """A recipe that remembers the roles."""

    def __init__(self, architecture: Architecture, input_shape: Shape, naming: Naming) -> None:
        self.roles: dict[str, str] = {}
        super().__init__(
            input_shape,
            architecture.habits,
            naming,
            repeats=[row.repeats for row in architecture.stages],
            rows=[(row.channels, row.stride) for row in architecture.stages],
        )

    def named(self, role: str) -> str:
        name = super().named(role)
        self.roles[name] = role
        self.roles[f"{name}_gain"] = f"{role}_gain"  # what an activation's own gain is called
        return name

    @property
    def made(self) -> list[Node]:
        return list(self._nodes.values())


def record(
    architecture: Architecture, num_classes: int, in_chans: int, name: str, naming: Naming | None = None
) -> Recording:
    """What `nas.lowering.lower` makes of the table, and how; under the names of `naming` where that is given."""
    naming = naming or naming_table(architecture.naming)
    build = _Recorder(architecture, (in_chans, architecture.resolution, architecture.resolution), naming)
    repeats = tuple(row.repeats for row in architecture.stages)
    rows = tuple((row.channels, row.stride) for row in architecture.stages)
    blocks: list[Block] = []
    x = lower_stem(architecture, build, build.input)
    for stage, row in enumerate(architecture.stages, start=1):
        x = lower_edge(row, build, x, stage, "begin")
        for number in range(row.repeats):
            before, source = len(build.made), x
            x = lower_block(row, build, x, stage, number)
            prefix = naming.name(Place(row.variant, stage, number, repeats, rows), "?").removesuffix(".?")
            blocks.append(Block(row, stage, number, prefix, tuple(build.made[before:]), source.ref, x.ref))
        x = lower_edge(row, build, x, stage, "end")
    x = lower_head(architecture, build, x, num_classes)
    graph = build.graph([x], name=name, init=architecture.init, taps=architecture.taps)
    return Recording(graph, build.roles, graph.shapes(), tuple(blocks))


def input_channels(recording: Recording, block: Block) -> int:
    """The channels that a block reads."""
    source, index = block.source
    return recording.shapes[source][index][0]


__all__ = ["Block", "Recording", "input_channels", "record"]
