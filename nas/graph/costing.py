"""What a graph costs. One mac is one multiply-add of a convolution, linear layer or attention product,
for ONE image; papers and budgets call it a "FLOP". Bias, normalisation, activations, pooling and
element-wise ops count 0.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from nas.graph.graph import Graph
from nas.graph.op import Shape
from nas.graph.ops import Conv2d, Linear
from nas.graph.storage import BYTES, peak_bytes


@dataclass(frozen=True, slots=True)
class Share:
    """What one node or stage contributes."""

    macs: int = 0
    params: int = 0
    activations: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.macs + other.macs, self.params + other.params, self.activations + other.activations)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one image at `input_shape`: macs, trainable parameters, activations (output elements of
    all convolutions) and the peak of float32 activation memory in bytes. `uncounted` names the nodes whose
    macs the op cannot count; they are in no sum."""

    input_shape: Shape
    output_shapes: tuple[Shape, ...]
    macs: int
    params: int
    activations: int
    peak_memory_bytes: int
    by_node: dict[str, Share]
    by_stage: dict[str, Share]
    uncounted: tuple[str, ...]

    @property
    def memory(self) -> int:
        """Bytes that one forward pass needs: float32 weights and the peak of the activations."""
        return self.peak_memory_bytes + BYTES * self.params


def cost(graph: Graph, input_shape: Shape | None = None) -> Cost:
    """Multiply-adds, parameters, activations and peak memory of one image through `graph`.

    `input_shape` (channels, height, width) overrides the canonical one; raises GraphError where it does not fit.
    """
    shapes = graph.shapes(input_shape)
    by_node: dict[str, Share] = {}
    by_stage: dict[str, Share] = defaultdict(Share)
    uncounted = []
    for name, node in graph.nodes.items():
        made = shapes[name]
        macs = node.op.macs(tuple(shapes[source][index] for source, index in node.inputs), made)
        if macs is None:
            uncounted.append(name)
        share = Share(macs or 0, node.op.params, node.op.activations(made))
        by_node[name] = share
        by_stage[node.stage] += share
    total = sum(by_stage.values(), Share())
    return Cost(
        input_shape=shapes[graph.input.name][0],
        output_shapes=tuple(shapes[name][index] for name, index in graph.outputs),
        macs=total.macs,
        params=total.params,
        activations=total.activations,
        peak_memory_bytes=peak_bytes(graph, shapes),
        by_node=by_node,
        by_stage=dict(by_stage),
        uncounted=tuple(uncounted),
    )


def depth(graph: Graph) -> int:
    """Convolutions and linear layers on the longest path from the image to the first output."""
    reached: dict[str, int] = {}
    for name, node in graph.nodes.items():
        before = max((reached[source] for source, _ in node.inputs), default=0)
        reached[name] = before + isinstance(node.op, (Conv2d, Linear))
    return reached[graph.outputs[0][0]]
