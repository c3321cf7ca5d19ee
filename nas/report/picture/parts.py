"""From nodes to parts: a part is one box of the picture, and stands for one or several nodes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from nas.graph.graph import Graph
from nas.graph.node import Node, Ref
from nas.graph.op import Op, Shape
from nas.graph.ops import (
    Activation,
    AdaptiveAvgPool2d,
    Conv2d,
    GlobalAvgPool,
    Input,
    Linear,
    Multiply,
    Parameter,
    Split,
)
from nas.report.picture.words import Words, aside, dims, folds, separable, words

MOST_ASIDES = 3  # more small print than this starts a new box
LONGEST_ASIDE = 8  # beside a ⊕; with more small print a join is a box with its name


@dataclass(frozen=True, slots=True)
class Part:
    """One box: what is written on it, the nodes it stands for (the last makes its outputs), what it reads.

    `essence` is equal for two parts that compute the same (names, places and training-only rates do not count).
    """

    kind: str
    label: str
    detail: str = ""
    inputs: tuple[Ref, ...] = ()
    nodes: tuple[str, ...] = ()
    stage: str = ""
    block: int | None = None
    shape: Shape = ()
    essence: str = ""

    @property
    def looks(self) -> tuple[str, str, str]:
        """What is seen of it; of a letter, where it comes from (two letters are never equal)."""
        return (self.kind, "", self.essence) if self.kind == "link" else (self.kind, self.label, self.detail)

    @property
    def round(self) -> bool:
        """Whether it is drawn as a small circle with a sign in it."""
        return self.kind == "join" and len(self.label) == 1


def parts(graph: Graph) -> list[Part]:
    """The parts of a graph in running order."""
    readers, shapes = _readers(graph), graph.shapes()
    leader = _gates(graph, readers)
    groups: dict[str, list[Node]] = {}
    factors = {name for name, read in readers.items() if read and all(_multiplies(graph, reader) for reader in read)}
    for name, node in graph.nodes.items():
        if name not in leader:
            leader[name] = _host(graph, node, readers, shapes, leader, groups) or name
        groups.setdefault(leader[name], []).append(node)
    return [_part(nodes, shapes[nodes[-1].name][0], nodes[0].name in factors) for nodes in groups.values()]


def _multiplies(graph: Graph, name: str) -> bool:
    """Whether the node of that name (none: a network output) is a product."""
    return bool(name) and isinstance(graph.nodes[name].op, Multiply)


def _readers(graph: Graph) -> dict[str, list[str]]:
    """Who reads each node; a network output counts as one more reader."""
    readers = graph.consumers()
    for name, _ in graph.outputs:
        readers[name].append("")
    return readers


def _host(
    graph: Graph,
    node: Node,
    readers: dict[str, list[str]],
    shapes: dict[str, tuple[Shape, ...]],
    leader: dict[str, str],
    groups: dict[str, list[Node]],
) -> str | None:
    """The first node of the part into which `node` folds; None where it is a part of its own."""
    if len(node.inputs) != 1:
        return None
    source = graph.nodes[node.inputs[0][0]]
    alone = len(readers[source.name]) == 1 and len(shapes[source.name]) == 1
    if not alone or _place(source) != _place(node) or isinstance(source.op, (Input, Parameter, Split)):
        return None
    host = leader[source.name]
    if isinstance(node.op, Conv2d):
        activated = len(groups[host]) == 1 and isinstance(source.op, Activation)
        return host if activated or _separable(source.op, node.op) else None
    if not folds(node.op):
        return None
    return host if len(_asides([*groups[host], node])) <= MOST_ASIDES else None


def _separable(first: Op, second: Op) -> bool:
    """Whether two convolutions, the second of which alone reads the first, are the halves of a separable one.

    A depthwise layer with a bias is a layer of its own (VAN's attention).
    """
    if not (isinstance(first, Conv2d) and isinstance(second, Conv2d) and first.depthwise and not first.bias):
        return False
    plain = second.kernel == second.stride == (1, 1) and second.groups == 1
    return plain and first.groups > 1 and first.kernel != (1, 1)


def _place(node: Node) -> tuple[str, int | None]:
    return node.stage, node.block


def _gates(graph: Graph, readers: dict[str, list[str]]) -> dict[str, str]:
    """For the nodes of each squeeze-excite its first node: the pool that reads the map which the gate multiplies."""
    leader: dict[str, str] = {}
    for node in graph.nodes.values():
        if isinstance(node.op, Multiply):
            for gate, scaled in (node.inputs, node.inputs[::-1]):
                if chain := _gate(graph, node, gate, scaled, readers):
                    leader |= dict.fromkeys([*chain, node.name], chain[-1])
                    break
    return leader


def _gate(graph: Graph, end: Node, gate: Ref, scaled: Ref, readers: dict[str, list[str]]) -> list[str]:
    """The nodes from `gate` up to the pool of `scaled`, when they are a squeeze-excite; else none."""
    chain: list[str] = []
    node = graph.nodes[gate[0]]
    while len(readers[node.name]) == 1 and _place(node) == _place(end):
        chain.append(node.name)
        if isinstance(node.op, (GlobalAvgPool, AdaptiveAvgPool2d)):
            squeezes = any(isinstance(graph.nodes[name].op, (Conv2d, Linear)) for name in chain)
            return chain if squeezes and node.inputs == (scaled,) else []
        if not (isinstance(node.op, (Conv2d, Linear, Activation)) or folds(node.op)):
            return []
        node = graph.nodes[node.inputs[0][0]]
    return []


def _part(nodes: list[Node], shape: Shape, is_factor: bool) -> Part:
    """The box of nodes that belong together; `is_factor`: what they make is read by products alone."""
    first, names = nodes[0], tuple(node.name for node in nodes)
    inputs = tuple(ref for node in nodes for ref in node.inputs if ref[0] not in names)
    kind, label = _words(nodes)
    if isinstance(first.op, Parameter) and is_factor:
        single = max(shape) == 1 or max(shape) < prod(shape)  # one number for all channels, or not one a channel
        label = f"layer scale {dims(shape)}" if single else f"layer scale · {max(shape)}"
    if _after_gate(nodes):
        kind, label, inputs = "gate", f"SE {_squeezed(nodes)}", inputs[:1]
    detail = " · ".join(_asides(nodes))
    if kind == "join" and (len(inputs) > 2 or len(detail) > LONGEST_ASIDE):
        label = f"{first.op.kind} {len(inputs)}" if len(inputs) > 2 else first.op.kind
    if first.op.kind == "concat":
        label = f"concat · {shape[0]}"
    essence = repr(([(node.op.kind, node.op.alike()) for node in nodes], shape))
    return Part(kind, label, detail, inputs, names, first.stage, first.block, shape, essence)


def _words(nodes: list[Node]) -> Words:
    """What the box says of its main op: the one before which an activation, behind which small print may stand."""
    ops = [node.op for node in nodes[_before(nodes) : _before(nodes) + 2]]
    if len(ops) > 1 and isinstance(ops[0], Conv2d) and isinstance(ops[1], Conv2d) and _separable(*ops):
        return separable(ops[0], ops[1])
    return words(ops[0])


def _before(nodes: list[Node]) -> int:
    """1 where an activation stands before a convolution in its box, else 0."""
    return int(isinstance(nodes[0].op, Activation) and len(nodes) > 1 and isinstance(nodes[1].op, Conv2d))


def _after_gate(nodes: list[Node]) -> int:
    """Where in a squeeze-excite the multiplication is over; 0 in any other part, for only a gate multiplies inside."""
    return next((index + 1 for index, node in enumerate(nodes) if index and isinstance(node.op, Multiply)), 0)


def _asides(nodes: list[Node]) -> list[str]:
    """The small print of a part."""
    if _before(nodes):
        return [f"after {aside(nodes[0].op)}", *_asides(nodes[1:])]
    behind = [node.op for node in nodes[_after_gate(nodes) or 1 :]]
    return [said for op in behind if not isinstance(op, Conv2d) and (said := aside(op))]


def _squeezed(nodes: list[Node]) -> int:
    """The channels of a squeeze-excite between its two layers."""
    first = next(node.op for node in nodes if isinstance(node.op, (Conv2d, Linear)))
    return first.out_channels if isinstance(first, Conv2d) else first.out_features
