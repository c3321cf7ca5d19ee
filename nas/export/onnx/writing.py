"""Writing a graph as an ONNX model: each node's operators one after the other, in the order in which the graph runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, TensorProto, ValueInfoProto, helper

from nas.errors import ExportError
from nas.export.onnx.draft import Draft, Value
from nas.export.onnx.folding import prepared
from nas.export.onnx.joins import part_name
from nas.export.onnx.nodes import NODES, NOTHING
from nas.graph import Graph, Node, Ref, Shape
from nas.graph.storage import batched
from nas.tensors import drawn, fitted
from nas.version import __version__

OPSET, IR_VERSION = 17, 8  # of ONNX 1.12 (2022), the first with LayerNormalization: runtimes older than ours read it
BATCH = "batch"  # how the batch axis is called where it may have any size


def write(
    graph: Graph,
    weights: Mapping[str, NDArray[Any]] | None = None,
    *,
    fold: bool = True,
    dynamic_batch: bool = True,
    rng: np.random.Generator | None = None,
) -> ModelProto:
    """The graph as an ONNX model at inference, for images of its canonical size (float32, batch × C × H × W).

    `weights` are named as in a state dict; None draws them with `rng`. `fold` folds batch norms into the layers before
    them. Without `dynamic_batch` the model takes one image. Raises ExportError for an op without ONNX operators (and
    names it), FileError for weights of another network.
    """
    check_expressible(graph)
    held = drawn(graph, rng or np.random.default_rng(0)) if weights is None else fitted(graph, weights)
    tensors, gone = prepared(graph, held, fold=fold)
    shapes, many = graph.shapes(), batched(graph)
    model = helper.make_model(
        GraphProto(name=graph.name or "network"),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="nascli",
        producer_version=__version__,
    )
    draft = Draft(graph.input.name, model.graph)
    image = Value(graph.input.name, graph.input_shape, True)
    values: dict[Ref, Value] = {(graph.input.name, 0): image}
    for name, node in graph.nodes.items():
        if node is graph.input:
            continue
        inputs = [values[ref] for ref in node.inputs]
        if name in gone or isinstance(node.op, NOTHING):
            values[name, 0] = inputs[0]
            continue
        draft.begin(name)
        NODES[type(node.op)](draft, node.op, inputs, tensors.pop(name), name)
        for index, shape in enumerate(shapes[name]):
            values[name, index] = Value(part_name(name, index), shape, name in many)
    batch = BATCH if dynamic_batch else 1
    outputs = _outputs(draft, graph, values, image)
    model.graph.node.extend(draft.nodes)
    model.graph.input.append(_told(image.name, image.shape, batch))
    model.graph.output.extend(_told(value.name, value.shape, batch) for value in outputs)
    return model


def check_expressible(graph: Graph) -> None:
    """ExportError that names the first node whose op has no ONNX operators."""
    for node in graph.nodes.values():
        if node is not graph.input and type(node.op) not in NODES and not isinstance(node.op, NOTHING):
            raise ExportError(f"{_where(node)}: {node.op.kind} has no ONNX operators in nas.export.onnx.nodes")


def _where(node: Node) -> str:
    return f"node {node.name!r}"


def _outputs(draft: Draft, graph: Graph, values: Mapping[Ref, Value], image: Value) -> list[Value]:
    """The outputs, each made by an operator, under a name of its own and with a batch axis."""
    made = {name for node in draft.nodes for name in node.output}
    found: list[Value] = []
    for number, ref in enumerate(graph.outputs):
        draft.begin(f"output{number}")
        value = draft.expanded(values[ref], image)
        given = value.name not in made or value.name in {other.name for other in found}
        if given and value == values[ref]:  # else it was just made
            value = value._replace(name=draft.add("Identity", value.name))
        found.append(value)
    return found


def _told(name: str, shape: Shape, batch: str | int) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, *shape])
