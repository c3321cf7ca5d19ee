"""Scaling a graph that has no table: repeats, widths and image size, read off the graph itself."""

from __future__ import annotations

import math
from dataclasses import replace

from nas.errors import GraphError, ScaleError
from nas.graph import Graph, Shape
from nas.graph.node import Node, Width
from nas.graph.op import channel_axis
from nas.graph.ops import Conv2d, Input
from nas.rounding import Rounding, rounding_rule
from scaling.repeats import WAY_OUT, deepen
from scaling.widths import Free, Widths


def scale_graph(
    graph: Graph,
    *,
    depth: float = 1.0,
    width: float = 1.0,
    resolution: float = 1.0,
    rounding: str | Rounding = "multiple_of_8",
    free: Free = "marked",
) -> Graph:
    """The graph with repeats × `depth`, free channel counts × `width` and image size × `resolution`.

    Whole numbers come from the `rounding` rule. Free are the counts that lowering marked; `free="all"` takes
    every convolution and linear layer but the last, for a graph from elsewhere. Counts that must agree (sums,
    depthwise convolutions, gates) are found and rounded once; derived ones (expansion, squeeze ratio) and
    stochastic-depth rates are derived anew. Repeats are the blocks of a labelled stage.

    For a lowered architecture the result has the digest of the lowered scaled architecture, or it raises
    ScaleError that names the stage: one whose repeats change has a single block, or a first block would gain
    or lose its shortcut.
    """
    for axis, factor in (("depth", depth), ("width", width), ("resolution", resolution)):
        if not (math.isfinite(factor) and 0 < factor <= 1e4):
            raise ScaleError(f"{axis} multiplier {factor:g} is out of bounds; it must lie in (0, 10,000]")
    rule = rounding_rule(rounding) if isinstance(rounding, str) else rounding
    if depth != 1:
        graph = deepen(graph, depth, rule)
    try:
        return _resized(graph, width, resolution, rule, free)
    except GraphError as error:
        raise ScaleError(f"{error}; {WAY_OUT}") from None


def _resized(graph: Graph, width: float, resolution: float, rule: Rounding, free: Free) -> Graph:
    """Other channels and another image size, node by node in running order."""
    before = graph.shapes()
    channels = Widths(graph, before, free).scaled(width, rule) if width != 1 else {}
    shapes: dict[str, tuple[Shape, ...]] = {}
    nodes: list[Node] = []
    for name, node in graph.nodes.items():
        inputs = tuple(shapes[source][index] for source, index in node.inputs)
        op, mark = node.op, node.width
        if isinstance(op, Input):
            sizes = (size if resolution == 1 else rule.resolution(size * resolution) for size in op.shape[1:])
            op = Input((op.shape[0], *sizes))
        made = tuple(sum(channels[name, index]) for index in range(len(before[name]))) if channels else ()
        try:
            if made and not isinstance(op, Input):
                if isinstance(op, Conv2d) and mark is not None and mark.cardinality:
                    op = replace(replace(op, groups=1).resized(inputs, made), groups=mark.cardinality)
                else:
                    op = op.resized(inputs, made)
                if isinstance(op, Conv2d) and mark is not None and mark.group:
                    op, mark = _regrouped(op, mark)
            shapes[name] = op.shapes(*inputs)
            if made and mark is not None and (wide := shapes[name][0][channel_axis(shapes[name][0])]) != made[0]:
                raise GraphError(f"its inputs make {wide} channels where its mark makes {made[0]}")
        except GraphError as error:
            raise GraphError(f"{f'{node.stage}, ' if node.stage else ''}node {name!r}: {error}") from None
        if channels:
            _check_shortcut(node, before, shapes)
        nodes.append(node if op == node.op else replace(node, op=op, width=mark))
    return Graph(nodes, graph.outputs, name=graph.name, init=graph.init, taps=graph.taps)


def _regrouped(op: Conv2d, mark: Width) -> tuple[Conv2d, Width]:
    """The convolution in groups of the marked width, which a single group does not show."""
    group = min(mark.group, op.in_channels)
    if op.in_channels % group:
        raise GraphError(f"{op.in_channels} channels are no whole number of groups of {group}")
    return replace(op, groups=op.in_channels // group), replace(mark, group=group)


def _check_shortcut(node: Node, before: dict[str, tuple[Shape, ...]], after: dict[str, tuple[Shape, ...]]) -> None:
    """ScaleError when the block of `node` would gain or lose its shortcut."""
    mark = node.width
    if mark is None or mark.origin != "free" or not mark.source:
        return
    had, has = (shapes[node.name] == shapes[mark.source] for shapes in (before, after))
    if had != has:
        raise ScaleError(f"the first block of {node.stage} would {'gain' if has else 'lose'} its shortcut; {WAY_OUT}")
