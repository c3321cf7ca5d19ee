"""A network without its residual links: what is left of x + f(x) is f(x)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nas.graph import Graph, Node
from nas.graph.node import Ref
from nas.graph.ops import Add, Conv2d, Input, Linear, Multiply, Parameter

MOST_DENSE = 1  # convolutions of a projected link that mix channels (ResNet's has one, GhostNet's another, depthwise)


def without_links(graph: Graph, outputs: Sequence[Ref]) -> Graph:
    """What `outputs` need, where of every sum x + f(x) only f(x) is left; trainable factors start at 1.

    f is a function of x alone. The link is x itself, or a chain from x with fewer convolutions than f has on its
    longest path: a projection. Sums of branches that are alike (split attention), of several maps (most sums of cells)
    and with a pooled map stay. A factor that starts near 0 (layer scale) relies on the link, so it starts at 1.
    """
    order = {name: number for number, name in enumerate(graph.nodes)}
    instead: dict[Ref, Ref] = {}
    nodes: list[Node] = []
    factors: set[str] = set()
    for node in graph.nodes.values():
        inputs = tuple(instead.get(ref, ref) for ref in node.inputs)
        if isinstance(node.op, Add):
            linked = [g for g in node.inputs if any(f != g and _links(graph, order, g, f) for f in node.inputs)]
            inputs = tuple(instead.get(ref, ref) for ref in node.inputs if ref not in linked)
        if isinstance(node.op, Multiply):
            factors |= {name for name, _ in inputs if isinstance(graph.nodes[name].op, Parameter)}
        if isinstance(node.op, Add) and len(inputs) == 1:
            instead[node.name, 0] = inputs[0]
        else:
            nodes.append(replace(node, inputs=inputs))
    nodes = [_from_1(node) if node.name in factors else node for node in nodes]
    whole = Graph(nodes, [instead.get(ref, ref) for ref in outputs], name=graph.name, init=graph.init, taps=graph.taps)
    return whole.cut(whole.outputs)


def _from_1(node: Node) -> Node:
    assert isinstance(node.op, Parameter)
    return replace(node, op=replace(node.op, value=1.0))


def _links(graph: Graph, order: dict[str, int], g: Ref, f: Ref) -> bool:
    """Whether `g` is a residual link beside `f`."""
    convolutions = dense = pools = 0
    while dense <= MOST_DENSE:
        if (longest := _longest(graph, order, g, f)) is not None:
            return convolutions < longest and (convolutions > 0 or pools == 0)
        node = graph.nodes[g[0]]
        if len(node.inputs) != 1 or node.op.results != 1:
            return False
        convolutions += isinstance(node.op, (Conv2d, Linear))
        pools += "pool" in node.op.kind
        dense += isinstance(node.op, Linear) or (isinstance(node.op, Conv2d) and not node.op.depthwise)
        g = node.inputs[0]
    return False


def _longest(graph: Graph, order: dict[str, int], x: Ref, f: Ref) -> int | None:
    """Convolutions and linear layers on the longest path from x to f; None where f is no function of x alone."""
    found: dict[Ref, int | None] = {x: 0}
    between = list(graph.nodes.values())[order[x[0]] + 1 : order[f[0]] + 1]
    for node in between:
        before = [
            found.get(ref) for ref in node.inputs if ref in found or not isinstance(graph.nodes[ref[0]].op, Parameter)
        ]
        if isinstance(node.op, (Parameter, Input)) or not before:
            continue
        whole = None if None in before else max(one for one in before if one is not None)
        own = isinstance(node.op, (Conv2d, Linear))
        found |= {(node.name, result): None if whole is None else whole + own for result in range(node.op.results)}
    return found.get(f)
