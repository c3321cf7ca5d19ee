"""A graph written as ONNX is the network that torch runs: op by op, and whole, with weights drawn at random."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from representatives import DEEP, PARAMS, REPRESENTATIVES
from test_ops import EXAMPLES, IMAGE, graph_of

from nas import zoo
from nas.compiler import compile_graph
from nas.errors import ExportError, FileError
from nas.export import EXPORTERS
from nas.export.comparing import randomise
from nas.export.onnx import write
from nas.export.onnx.folding import foldable
from nas.export.onnx.nodes import NODES, NOTHING
from nas.graph import OPS, GraphBuilder
from nas.graph.ops import (
    Activation,
    Add,
    AvgPool2d,
    BatchNorm,
    Concat,
    Conv2d,
    Dropout,
    GlobalAvgPool,
    Input,
    LayerNorm,
    Linear,
    MaxPool2d,
    Multiply,
    Parameter,
    ZeroPad2d,
)
from nas.lowering import lower
from nas.runtimes.torch import TorchRuntime
from nas.tensors import drawn, fitted

CLOSE = 1e-5  # of the largest output: float32, hundreds of layers deep


def onnx_outputs(model, image, images):
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].name == image
    return session.run(None, {image: images})


def assert_equal_to_torch(graph, batches=(1, 3), fold=(True, False), weights=None, close=CLOSE):
    """Every output at every batch, batch norms folded and not."""
    rng = np.random.default_rng(0)
    weights = drawn(graph, rng) if weights is None else weights
    module = TorchRuntime().session(graph, weights)
    for folded in fold:
        model = write(graph, weights, fold=folded)
        for batch in batches:
            images = rng.standard_normal((batch, *graph.input_shape), dtype=np.float32)
            wanted = module.run(images)
            found = onnx_outputs(model, graph.input.name, images)
            assert [one.shape for one in found] == [one.shape for one in wanted]
            for one, other in zip(found, wanted, strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=close * max(1e-6, np.abs(other).max()))


def test_every_op_has_one_onnx_twin():
    assert {*NODES, *NOTHING} == set(OPS.values()) - {Input}


@pytest.mark.parametrize(("op", "inputs"), EXAMPLES, ids=repr)
def test_an_op_and_its_onnx_twin_are_the_same_computation(op, inputs):
    graph = graph_of(op, inputs)
    graph = graph.cut([("op", index) for index in range(op.results)])
    assert_equal_to_torch(graph, batches=(2,), fold=(True,))


@pytest.mark.parametrize(
    "ops",
    [
        (ZeroPad2d((1, 1, 1, 1)), MaxPool2d((3, 3), (2, 2))),
        (ZeroPad2d((0, 1, 0, 1)), MaxPool2d((3, 3), (2, 2), (1, 1))),
        (ZeroPad2d((1, 1, 1, 1)), AvgPool2d((3, 3), (2, 2), (1, 1), count_include_pad=False)),
        (AvgPool2d((3, 2), (2, 3), (1, 1), ceil_mode=True),),
        (AvgPool2d((2, 2), (2, 2), ceil_mode=True),),
        (GlobalAvgPool(), Linear(6, 4), BatchNorm(4)),
        (GlobalAvgPool(), LayerNorm(6)),
        (BatchNorm(6), Conv2d(6, 6)),
        (Dropout(0.5), Dropout(0.2)),
    ],
    ids=repr,
)
def test_ops_in_a_row_stay_the_same_computation(ops):
    build = GraphBuilder(IMAGE)
    x = build.input
    for number, op in enumerate(ops):
        x = build.add(op, x, name=f"op{number}")
    assert_equal_to_torch(build.graph([x]))


def test_what_follows_from_parameters_alone_is_repeated_for_each_image():
    build = GraphBuilder((4, 3, 3))
    token = build.add(Parameter((4, 3, 3)), name="token")
    scaled = build.add(Multiply(), token, token, name="scaled")
    joined = build.add(Concat(), build.add(Activation("relu"), scaled, name="act"), build.input, name="joined")
    total = build.add(Add(), token, build.input, name="total")
    assert_equal_to_torch(build.graph([joined, scaled, total]))


def test_tokens_are_written_too():
    build = GraphBuilder((6, 5))
    x = build.add(LayerNorm(5), build.input, name="norm")
    x = build.add(Linear(5, 7), x, name="fc")
    assert_equal_to_torch(build.graph([x]))


def test_names_that_torch_uses_otherwise_find_their_weights():
    build = GraphBuilder((3, 4, 4))
    x = build.add(Conv2d(3, 4), build.input, name="forward")
    x = build.add(Conv2d(4, 4), x, name="forward_")
    x = build.add(Conv2d(4, 4), x, name="training.class")
    graph = build.graph([x])
    module = compile_graph(graph)
    state = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    images = np.random.default_rng(0).standard_normal((1, 3, 4, 4), dtype=np.float32)
    (found,) = onnx_outputs(write(graph, state), "x", images)
    np.testing.assert_allclose(found, module(torch.from_numpy(images)).detach().numpy(), atol=1e-5)


QUICK = {name for name in REPRESENTATIVES if PARAMS[name] and PARAMS[name] < 3e6}


# Of the whole zoo, results/export.md.
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in sorted(REPRESENTATIVES | DEEP)],
)
def test_a_network_of_the_zoo_gives_the_outputs_of_its_module(name):
    graph = zoo.build(name)
    module = compile_graph(graph).eval()
    randomise(module, graph, 0)
    weights = {key: tensor.numpy() for key, tensor in module.state_dict().items()}
    assert_equal_to_torch(graph, (2,), weights=weights, close=EXPORTERS["onnx"].tolerance)


@pytest.mark.parametrize("size", [33, 40])
def test_padding_is_that_of_the_graphs_own_size(size):
    table = zoo.architecture("efficientnet_b0").model_copy(update={"resolution": size, "padding": "same"})
    assert_equal_to_torch(lower(table, 10))


def test_folding_leaves_no_batch_norm_behind_a_convolution():
    graph = zoo.build("efficientnet_b0")
    kinds = [node.op_type for node in write(graph, fold=True).graph.node]
    unfolded = [node.op_type for node in write(graph, fold=False).graph.node]
    assert kinds.count("BatchNormalization") == 0
    assert unfolded.count("BatchNormalization") == len(foldable(graph)) == 49  # as torchvision's has BatchNorm2d


def test_a_batch_norm_whose_convolution_others_read_is_kept():
    build = GraphBuilder((3, 8, 8))
    conv = build.add(Conv2d(3, 4), build.input, name="conv")
    norm = build.add(BatchNorm(4), conv, name="norm")
    both = build.graph([build.add(Add(), norm, conv, name="sum")])
    assert foldable(both) == {}
    assert foldable(build.graph([norm, conv])) == {}
    assert_equal_to_torch(both)


def test_a_model_for_one_image_says_so():
    graph = zoo.build("lenet5")
    assert write(graph).graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert write(graph, dynamic_batch=False).graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1


def test_the_same_seed_draws_the_same_weights():
    graph = zoo.build("lenet5")
    one, other, third = (write(graph, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.SerializeToString() == other.SerializeToString() != third.SerializeToString()


@pytest.mark.parametrize("change", ["missing", "shape", "stranger"])
def test_weights_of_another_network_are_refused_in_one_line(change):
    graph = zoo.build("lenet5")
    weights = dict(drawn(graph, np.random.default_rng(0)))
    first = next(iter(weights))
    if change == "stranger":
        weights["another.weight"] = weights[first]
    elif change == "shape":
        weights[first] = weights[first][:1]
    else:
        del weights[first]
    with pytest.raises(FileError, match="another network") as refusal:
        fitted(graph, weights)
    assert "\n" not in str(refusal.value)


def test_an_op_without_a_twin_is_named(monkeypatch):
    monkeypatch.delitem(NODES, Linear)
    with pytest.raises(ExportError, match=r"node 'fc1?[\w.]*': linear|node '[\w.]+': linear"):
        write(zoo.build("lenet5"))
