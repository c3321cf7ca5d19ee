"""Lowering: from an architecture to the graph of its ops."""

from __future__ import annotations

from typing import Literal, TypeAlias

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.blocks.recipe import Recipe, Value
from nas.cells import CellNetwork, lower_cells
from nas.graph import Graph, Shape
from nas.naming import naming_table

Description: TypeAlias = Architecture | CellNetwork


def lower(architecture: Description, num_classes: int = 1000, in_chans: int = 3, *, name: str = "") -> Graph:
    """The graph of an architecture for images of `in_chans` × resolution × resolution.

    That is a table of stages, or a network of cells. `num_classes=0` leaves out the classifier (the output is the
    pooled features). Raises GraphError for counts out of bounds.
    """
    if isinstance(architecture, CellNetwork):
        return lower_cells(architecture, num_classes, in_chans, name=name)
    build = recipe(architecture, (in_chans, architecture.resolution, architecture.resolution))
    x = lower_stem(architecture, build, build.input)
    for number, row in enumerate(architecture.stages, start=1):
        x = lower_edge(row, build, x, number, "begin")
        for block in range(row.repeats):
            x = lower_block(row, build, x, number, block)
        x = lower_edge(row, build, x, number, "end")
    x = lower_head(architecture, build, x, num_classes)
    return build.graph([x], name=name, init=architecture.init, taps=architecture.taps)


def recipe(architecture: Architecture, input_shape: Shape) -> Recipe:
    """An empty graph with the architecture's habits."""
    return Recipe(
        input_shape,
        architecture.habits,
        naming_table(architecture.naming),
        repeats=[row.repeats for row in architecture.stages],
        rows=[(row.channels, row.stride) for row in architecture.stages],
    )


def lower_stem(architecture: Architecture, build: Recipe, x: Value) -> Value:
    """Add the stem."""
    build.enter("stem")
    return architecture.stem.lower(build, x)


def lower_edge(row: Stage, build: Recipe, x: Value, stage: int, edge: Literal["begin", "end"]) -> Value:
    """Add what stage number `stage` (from 1) has before its first block or behind its last; most have nothing."""
    build.enter_stage(row.variant, stage, 0 if edge == "begin" else row.repeats - 1)
    return row.begin(build, x) if edge == "begin" else row.end(build, x)


def lower_block(row: Stage, build: Recipe, x: Value, stage: int, block: int) -> Value:
    """Add block number `block` (from 0) of stage number `stage` (from 1)."""
    build.enter_block(row.variant, stage, block)
    return row.lower(build, x, row.stride if block == 0 else 1)


def lower_head(architecture: Architecture, build: Recipe, x: Value, num_classes: int) -> Value:
    """Add the head."""
    build.enter("head")
    return architecture.head.lower(build, x, num_classes)
