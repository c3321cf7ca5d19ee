"""Each op of the language and its torch twin are the same computation: shapes, parameters, macs."""

from __future__ import annotations

import pytest
import torch
from meters import measured_macs, measured_params

from nas.compiler import compile_graph
from nas.errors import GraphError
from nas.graph import OPS, GraphBuilder, Op, cost
from nas.graph.op import window
from nas.graph.ops import (
    Activation,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm,
    ChannelShuffle,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GlobalResponseNorm,
    GroupNorm,
    Input,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    Multiply,
    Parameter,
    RadixSoftmax,
    Scale,
    Split,
    StandardisedConv2d,
    StochasticDepth,
    UnitVariance,
    ZeroPad2d,
)
from nas.graph.ops.pointwise import ACTIVATIONS
from nas.layers import EXPRESSIONS, MODULES, PARAMETERS

IMAGE = (6, 11, 14)

# At least one example of every op; a new op without one fails below.
EXAMPLES: list[tuple[Op, int]] = [
    (Conv2d(6, 8), 1),
    (Conv2d(6, 8, (3, 5), (2, 1), (1, 2), bias=True), 1),
    (Conv2d(6, 12, (3, 3), (1, 1), (2, 2), dilation=(2, 2), groups=3), 1),
    (Conv2d(6, 6, (5, 5), (2, 2), "same", groups=6), 1),
    (Conv2d(6, 8, (4, 3), (3, 2), "same"), 1),
    (Conv2d(6, 8, (3, 3), (1, 1), "same", dilation=(2, 2)), 1),
    (StandardisedConv2d(6, 8, (3, 3), (2, 2), (1, 1), eps=1e-8), 1),
    (StandardisedConv2d(6, 12, (3, 3), (2, 2), "same", groups=3, bias=True, gain=True), 1),
    (Linear(6, 5), 1),
    (Linear(6, 5, bias=False), 1),
    (BatchNorm(6), 1),
    (LayerNorm(6, 1e-6), 1),
    (GroupNorm(6, groups=3), 1),
    (GlobalResponseNorm(6), 1),
    (LocalResponseNorm(), 1),
    (LocalResponseNorm(2, 0.5, 1.0, 2.0), 1),
    *((Activation(function), 1) for function in ACTIVATIONS),
    (MaxPool2d((3, 3), (2, 2), (1, 1)), 1),
    (MaxPool2d((3, 2), (2, 3), (0, 1), ceil_mode=True), 1),
    (MaxPool2d((3, 3), (2, 2), (1, 1), ceil_mode=True, zeros=True), 1),
    (AvgPool2d((3, 3), (2, 2), (1, 1), ceil_mode=True, count_include_pad=False), 1),
    (MaxPool2d((3, 3), (2, 2), "same"), 1),
    (MaxPool2d((5, 2), (3, 1), "same", zeros=True), 1),
    (AvgPool2d((3, 3), (2, 2), "same"), 1),
    (ZeroPad2d((-1, 1, -1, 1)), 1),
    (ZeroPad2d((2, 0, 1, -3)), 1),
    (AdaptiveAvgPool2d((3, 4)), 1),
    (GlobalAvgPool(), 1),
    (GlobalAvgPool(keepdim=True), 1),
    (Add(), 2),
    (Add(), 3),
    (Multiply(), 2),
    (Concat(), 3),
    (Concat(axis=2), 2),
    (Split((1, 5)), 1),
    (Split((4, 10), axis=2), 1),
    (ChannelShuffle(3), 1),
    (Flatten(), 1),
    (Flatten(axis=1), 1),
    (RadixSoftmax(2), 1),
    (RadixSoftmax(3, 2), 1),
    (Scale(1.7), 1),
    (UnitVariance(3, 0.04), 1),
    (StochasticDepth(0.5), 1),
    (StochasticDepth(0.5, "batch"), 1),
    (Dropout(0.5), 1),
]


def graph_of(op: Op, inputs: int):
    build = GraphBuilder(IMAGE)
    return build.graph(build.add_multi(op, *[build.input] * inputs, name="op"))


def test_every_op_has_an_example_and_one_torch_twin():
    twins = [*MODULES, *EXPRESSIONS, *PARAMETERS]
    assert set(twins) == set(OPS.values()) - {Input}
    assert len(twins) == len(set(twins))
    assert {type(op) for op, _ in EXAMPLES} == set(twins) - {Parameter}


@pytest.mark.parametrize(("op", "inputs"), EXAMPLES, ids=repr)
def test_an_op_and_its_twin_agree_on_shapes_parameters_and_macs(op, inputs):
    graph = graph_of(op, inputs)
    model = compile_graph(graph).eval()
    out = model(torch.randn(2, *IMAGE))
    made = [out] if isinstance(out, torch.Tensor) else out
    assert [tuple(tensor.shape[1:]) for tensor in made] == list(graph.shapes()["op"])
    assert len(made) == op.results
    total = cost(graph)
    assert total.params == measured_params(model)
    assert total.macs == measured_macs(model, IMAGE)


@pytest.mark.parametrize(("op", "inputs"), EXAMPLES, ids=repr)
def test_an_op_trains(op, inputs):
    model = compile_graph(graph_of(op, inputs)).train()
    x = torch.randn(2, *IMAGE, requires_grad=True)
    out = model(x)
    sum(tensor.sum() for tensor in ([out] if isinstance(out, torch.Tensor) else out)).backward()
    assert x.grad is not None


def test_a_parameter_is_a_weight_without_a_layer():
    build = GraphBuilder(IMAGE)
    gamma = build.add(Parameter((6, 1, 1), value=0.5), name="block.gamma")
    model = compile_graph(build.graph([build.add(Multiply(), build.input, gamma, name="scaled")]))
    x = torch.randn(2, *IMAGE)
    assert torch.equal(model(x), 0.5 * x)
    assert list(model.state_dict()) == ["block.gamma"]


@pytest.mark.parametrize("size", range(1, 30))
@pytest.mark.parametrize(("kernel", "stride", "padding", "ceil"), [(3, 2, 1, True), (2, 2, 0, True), (3, 3, 1, False)])
def test_windows_are_counted_as_torch_counts_them(size, kernel, stride, padding, ceil):
    try:
        pooled = torch.nn.functional.max_pool1d(torch.zeros(1, size), kernel, stride, padding, ceil_mode=ceil)
    except RuntimeError:
        with pytest.raises(GraphError, match="does not fit"):
            window(size, kernel, stride, padding, ceil=ceil)
        return
    assert window(size, kernel, stride, padding, ceil=ceil) == pooled.shape[-1]


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (Conv2d(3, 8), "expects 3 channels, its input has 6"),
        (Conv2d(6, 8, (64, 64)), "does not fit"),
        (Linear(3, 4), "expects 3 channels"),
        (BatchNorm(5), "expects 5 channels"),
        (GlobalResponseNorm(5), "expects 5 channels"),
        (Split((1, 2)), "does not fit"),
        (ChannelShuffle(4), "groups=4 must divide its 6 channels"),
        (Flatten(axis=3), "does not fit"),
        (RadixSoftmax(2, 2), "must divide 6 channels"),
        (StandardisedConv2d(3, 8), "expects 3 channels, its input has 6"),
        (ZeroPad2d((-7, -7, 0, 0)), "leaves nothing of"),
    ],
)
def test_an_op_that_does_not_fit_its_input_says_so(op, message):
    with pytest.raises(GraphError, match=f"node 'op': .*{message}"):
        graph_of(op, 1)


def test_an_op_that_cannot_count_its_macs_is_reported():
    class Mystery(Activation):
        def macs(self, inputs, outputs):
            return None

    build = GraphBuilder(IMAGE)
    total = cost(build.graph([build.add(Mystery("relu"), build.input, name="mystery")]))
    assert total.uncounted == ("mystery",)
