"""Lowering: from an architecture's table to the graph of its ops."""

from __future__ import annotations

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.blocks.recipe import FREE, Recipe, Value
from nas.graph import Graph, Shape
from nas.graph.ops import Dropout, GlobalAvgPool, Linear, MaxPool2d
from nas.naming import naming_table


def lower(architecture: Architecture, num_classes: int = 1000, in_chans: int = 3, *, name: str = "") -> Graph:
    """The graph of an architecture for images of `in_chans` × resolution × resolution.

    `num_classes=0` leaves out the classifier (the output is the pooled features). Raises GraphError for
    counts out of bounds.
    """
    build = recipe(architecture, (in_chans, architecture.resolution, architecture.resolution))
    x = lower_stem(architecture, build, build.input)
    for number, row in enumerate(architecture.stages, start=1):
        for block in range(row.repeats):
            x = lower_block(row, build, x, number, block)
    x = lower_head(architecture, build, x, num_classes)
    return build.graph([x], name=name, init=architecture.init)


def recipe(architecture: Architecture, input_shape: Shape) -> Recipe:
    """An empty graph with the architecture's habits."""
    return Recipe(
        input_shape,
        activation=architecture.activation,
        norm=architecture.norm,
        padding=architecture.padding,
        naming=naming_table(architecture.naming),
        repeats=[row.repeats for row in architecture.stages],
        drop_path=architecture.drop_path,
    )


def lower_stem(architecture: Architecture, build: Recipe, x: Value) -> Value:
    """Add the stem."""
    stem = architecture.stem
    build.enter("stem")
    x = build.conv(x, "conv", stem.channels, stem.kernel, stem.stride, width=FREE)
    x = build.act(build.norm(x, "norm"), "act")
    return build.add(MaxPool2d((3, 3), (2, 2), (1, 1)), x, name=build.named("pool")) if stem.pool else x


def lower_block(row: Stage, build: Recipe, x: Value, stage: int, block: int) -> Value:
    """Add block number `block` (from 0) of stage number `stage` (from 1)."""
    build.enter_block(row.variant, stage, block)
    return row.lower(build, x, row.stride if block == 0 else 1)


def lower_head(architecture: Architecture, build: Recipe, x: Value, num_classes: int) -> Value:
    """Add the head."""
    head = architecture.head
    build.enter("head")
    if head.channels:
        x = build.conv(x, "conv", head.channels, width=FREE)
        x = build.act(build.norm(x, "norm"), "act")
    x = build.add(GlobalAvgPool(), x, name=build.named("pool"))
    if head.dropout:
        x = build.add(Dropout(head.dropout), x, name=build.named("dropout"))
    return build.add(Linear(x.channels, num_classes), x, name=build.named("fc")) if num_classes else x
