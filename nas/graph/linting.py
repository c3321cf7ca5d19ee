"""What is amiss with a graph that is well wired: a reading for people, and for tests of what builds graphs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nas.errors import GraphError, unknown
from nas.graph.node import Node, Width
from nas.graph.op import Shape, channel_axis

if TYPE_CHECKING:
    from nas.graph.graph import Graph


def findings(graph: Graph) -> list[str]:
    """One line a finding, in the order of the nodes; none for a graph in order."""
    found = [*_unread(graph)]
    shapes: dict[str, tuple[Shape, ...]] = {}
    for name, node in graph.nodes.items():
        if all(source in shapes for source, _ in node.inputs):  # what reads a misfit is no finding of its own
            try:
                shapes[name] = node.op.shapes(*[shapes[source][index] for source, index in node.inputs])
            except GraphError as error:
                found.append(f"node {name!r}: {error}")
    for node in graph.nodes.values():
        if node.width is not None:
            found += _marked(node, node.width, graph, shapes)
    return found


def _unread(graph: Graph) -> Iterator[str]:
    """Nodes and outputs that no output of the graph depends on, and outputs that stand twice."""
    needed = graph.needed(name for name, _ in graph.outputs)
    read = {ref for node in graph.nodes.values() for ref in node.inputs} | set(graph.outputs)
    for name, node in graph.nodes.items():
        if name not in needed:
            yield f"node {name!r}: no output of the graph depends on it"
            continue
        yield from (
            f"node {name!r}: nothing reads its output {index}"
            for index in range(node.op.results)
            if (name, index) not in read
        )
    for name, index in dict.fromkeys(ref for ref in graph.outputs if graph.outputs.count(ref) > 1):
        yield f"output {name!r}, {index} stands twice among the outputs"


def _marked(node: Node, mark: Width, graph: Graph, shapes: dict[str, tuple[Shape, ...]]) -> Iterator[str]:
    """A width mark whose source is missing, or whose ratio gives other channels than the node has."""
    if missing := [name for name in (mark.source, mark.less) if name and name not in graph.nodes]:
        yield f"node {node.name!r}: {unknown('width source', missing[0], graph.nodes)}"
    elif mark.origin == "derived" and not mark.source:
        yield f"node {node.name!r}: its width is derived, but from no source"
    elif mark.source == node.name:
        yield f"node {node.name!r}: its width names the node itself as source"
    elif mark.origin == "derived" and node.name in shapes and mark.source in shapes:
        own, source = (_channels(shapes[name][0]) for name in (node.name, mark.source))
        less = _channels(shapes[mark.less][0]) if mark.less in shapes else 0
        if own != mark.channels(source, less):
            yield (
                f"node {node.name!r}: its width is marked as {mark.ratio:g} × the {source} channels of "
                f"{mark.source!r}{f' - {less}' if less else ''}, which is {mark.channels(source, less)}; it has {own}"
            )


def _channels(shape: Shape) -> int:
    return shape[channel_axis(shape)]
