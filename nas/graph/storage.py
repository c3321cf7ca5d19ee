"""Which tensors share storage, which ops may overwrite their input, and how much lives at once.

The compiler and the cost read the same plan, so the memory that the cost states is that of the module.
"""

from __future__ import annotations

from math import prod

from nas.graph.graph import Graph
from nas.graph.node import Ref
from nas.graph.op import Shape
from nas.graph.ops import Conv2d, Parameter

BYTES = 4  # float32


def overwrites(graph: Graph, shapes: dict[str, tuple[Shape, ...]]) -> frozenset[str]:
    """Names of the nodes that run in place on input 0.

    A node may, when nobody else reads that tensor (through views too) and the op that made it does
    not need it for its backward pass. What stands for a whole batch is never added to what stands for one image.
    """
    readers, many = graph.consumers(), batched(graph)
    for name, _ in graph.outputs:
        readers[name].append("")
    return frozenset(
        name
        for name, node in graph.nodes.items()
        if node.op.inplace
        and shapes[name][0] == shapes[node.inputs[0][0]][node.inputs[0][1]]
        and (node.inputs[0][0] in many) == (name in many)
        and _expendable(graph, node.inputs[0][0], readers, shapes)
    )


def batched(graph: Graph) -> frozenset[str]:
    """Names of the nodes that depend on the image; the others follow from parameters alone, the same for a batch."""
    many = {graph.input.name}
    for name, node in graph.nodes.items():
        if any(source in many for source, _ in node.inputs):
            many.add(name)
    return frozenset(many)


def _expendable(graph: Graph, name: str, readers: dict[str, list[str]], shapes: dict[str, tuple[Shape, ...]]) -> bool:
    """Whether the only reader of node `name` may overwrite its output."""
    while len(readers[name]) == 1 and len(shapes[name]) == 1:
        op = graph.nodes[name].op
        if op.fresh:
            return True
        if not op.view or len(graph.nodes[name].inputs) != 1:
            return False
        name = graph.nodes[name].inputs[0][0]
    return False


def peak_bytes(graph: Graph, shapes: dict[str, tuple[Shape, ...]]) -> int:
    """The most float32 bytes of activations alive at once in one forward pass of one image.

    Nodes run in graph order; a tensor lives from the node that makes it to the last one that reads
    it (the image too), outputs live to the end, views and in-place results share their input's storage.
    """
    inplace = overwrites(graph, shapes)
    owner: dict[Ref, Ref] = {}
    last_use: dict[Ref, int] = {}
    for step, (name, node) in enumerate(graph.nodes.items()):
        shared = node.op.view or name in inplace
        for index in range(len(shapes[name])):
            ref = (name, index)
            owner[ref] = owner[node.inputs[0]] if shared else ref
            last_use.setdefault(owner[ref], step)
        for source in node.inputs:
            last_use[owner[source]] = step
    for ref in graph.outputs:
        last_use[owner[ref]] = len(graph.nodes)
    freed: dict[int, list[Ref]] = {}
    for ref, step in last_use.items():
        freed.setdefault(step, []).append(ref)
    live = peak = 0
    image = (graph.input.name, 0)
    for step, (name, node) in enumerate(graph.nodes.items()):
        made = [(name, index) for index in range(len(shapes[name])) if owner[name, index] == (name, index)]
        live += sum(_bytes(graph, ref, shapes) for ref in made)
        inputs = tuple(shapes[source][index] for source, index in node.inputs)
        held = live + BYTES * node.op.scratch(inputs, shapes[name])
        pads = isinstance(node.op, Conv2d) and Conv2d.scratch(node.op, inputs, shapes[name]) > 0
        if pads and last_use[image] == step:  # once the image is copied, the outputs are made from the copy
            held -= min(_bytes(graph, image, shapes), sum(_bytes(graph, ref, shapes) for ref in made))
        peak = max(peak, held)
        live -= sum(_bytes(graph, ref, shapes) for ref in freed.get(step, ()))
    return peak


def _bytes(graph: Graph, ref: Ref, shapes: dict[str, tuple[Shape, ...]]) -> int:
    """Bytes of one tensor; a parameter is weight, not activation."""
    name, index = ref
    return 0 if isinstance(graph.nodes[name].op, Parameter) else BYTES * prod(shapes[name][index])
