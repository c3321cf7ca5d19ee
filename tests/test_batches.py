"""What a network says of an image does not depend on the images beside it, whatever its ops read."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from meters import measured_peak_bytes
from test_ops import EXAMPLES

from nas.compiler import compile_graph
from nas.errors import GraphError
from nas.graph import Graph, GraphBuilder, Op, Value, cost
from nas.graph.ops import Add, BatchNorm, Concat, Conv2d, Flatten, GlobalAvgPool, Multiply, Parameter

IMAGE = (6, 11, 14)
SOURCES = {
    "image": lambda build: build.input,
    "vector": lambda build: build.add(GlobalAvgPool(), build.input, name="vector"),
    "gate": lambda build: build.add(GlobalAvgPool(keepdim=True), build.input, name="gate"),
    "tokens": lambda build: build.add(Flatten(1), build.input, name="tokens"),
    "weight": lambda build: build.add(Parameter(IMAGE, 1.5), name="weight"),
    "weight vector": lambda build: build.add(Parameter((6,), 1.5), name="weight_vector"),
    "weight gate": lambda build: build.add(Parameter((6, 1, 1), 1.5), name="weight_gate"),
    "weight tokens": lambda build: build.add(Parameter((6, 154), 1.5), name="weight_tokens"),
}


def reading(op: Op, sources: tuple[str, ...]) -> Graph | None:
    """The op on these sources, where they fit."""
    build = GraphBuilder(IMAGE)
    made: dict[str, Value] = {source: SOURCES[source](build) for source in dict.fromkeys(sources)}
    try:
        return build.graph(build.add_multi(op, *(made[source] for source in sources), name="op"))
    except GraphError:
        return None


def tensors(out):
    return [out] if isinstance(out, torch.Tensor) else out


@pytest.mark.parametrize(("op", "inputs"), [*EXAMPLES, (Concat(axis=1), 2)], ids=repr)
def test_an_image_has_the_same_result_in_a_batch(op, inputs):
    graphs = [graph for sources in product(SOURCES, repeat=inputs) if (graph := reading(op, sources))]
    assert graphs or op.kind == "linear"
    for graph in graphs:
        model = compile_graph(graph, generator=torch.Generator().manual_seed(0)).eval()
        images = torch.randn(2, *IMAGE, generator=torch.Generator().manual_seed(1))
        together, alone = tensors(model(images)), [tensors(model(image[None])) for image in images]
        assert [tuple(tensor.shape[1:]) for tensor in together] == list(graph.shapes()["op"])
        for tensor, *each in zip(together, *alone, strict=True):
            torch.testing.assert_close(tensor, torch.cat(each))


def test_a_class_token_stands_before_the_tokens_of_each_image():
    build = GraphBuilder((16, 2, 2))
    image = build.add(Flatten(0), build.input, name="flat")
    token = build.add(Parameter((1, 16), 0.5), name="token")
    rows = build.add(Parameter((4, 16), 0.25), name="rows")
    graph = build.graph([image, build.add(Concat(), token, rows, name="tokens")])
    _, tokens = compile_graph(graph)(torch.randn(3, 16, 2, 2))
    assert tokens.shape == (3, 5, 16)
    assert torch.equal(tokens[2, 0], torch.full((16,), 0.5))


def test_a_parameter_joins_a_batch_of_images_of_any_size():
    build = GraphBuilder((3, 8, 8))
    mask = build.add(Parameter((1, 8, 8), 1.0), name="mask")
    model = compile_graph(build.graph([build.add(Concat(), mask, build.input, name="both")])).eval()
    example = torch.randn(2, 3, 8, 8)
    free = {0: torch.export.Dim("batch", min=2, max=16)}
    exported = torch.export.export(model, (example,), dynamic_shapes=(free,)).module()
    images = torch.randn(5, 3, 8, 8)
    assert torch.equal(exported(images), model(images))


@pytest.mark.parametrize("order", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 2, 1), (0, 0, 2, 1), (2, 2, 0, 1)])
def test_terms_of_growing_shape_are_added(order):
    build = GraphBuilder((3, 8, 8))
    big = build.add(Conv2d(3, 3), build.input, name="conv")
    gates = build.add(GlobalAvgPool(keepdim=True), big, name="gate")
    terms = [gates, big, build.add(Parameter((1, 8, 1), 0.5), name="weight")]
    graph = build.graph([build.add(Add(), *(terms[index] for index in order), name="sum")])
    model = compile_graph(graph).eval()
    images = torch.randn(2, 3, 8, 8)
    maps = model.conv(images)
    values = [maps.mean((2, 3), keepdim=True), maps, torch.full((1, 1, 8, 1), 0.5)]
    torch.testing.assert_close(model(images), sum(values[index] for index in order))
    model.train()(images).sum().backward()
    gate = 4 * 3  # bytes; where its last reader is the running total it is freed before the sum is complete
    measured = measured_peak_bytes(model, (3, 8, 8))
    assert measured <= cost(graph).peak_memory_bytes <= measured + gate


def test_a_sum_that_starts_with_a_weight_is_not_made_in_place_of_it():
    build = GraphBuilder((3, 8, 8))
    weight = build.add(Conv2d(3, 3), build.add(Parameter((3, 8, 8), 1.0), name="weight"), name="conv")
    graph = build.graph([build.add(Add(), weight, build.input, name="sum")])
    model = compile_graph(graph)
    images = torch.randn(2, 3, 8, 8)
    assert torch.equal(model(images), model.conv(model.weight) + images)


def test_a_vector_is_normalised_over_the_batch():
    build = GraphBuilder((4, 5, 5))
    vector = build.add(GlobalAvgPool(), build.input, name="pool")
    graph = build.graph([build.add(BatchNorm(4), vector, name="norm")])
    out = compile_graph(graph).train()(torch.randn(32, 4, 5, 5))
    torch.testing.assert_close(out.mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    assert next(iter(compile_graph(graph).state_dict())) == "norm.weight"


def test_a_product_of_weights_is_one_for_each_image():
    build = GraphBuilder((4, 5, 5))
    weight = build.add(Parameter((4,), 3.0), name="weight")
    graph = build.graph([build.add(Multiply(), weight, weight, name="square")])
    assert torch.equal(compile_graph(graph)(torch.zeros(2, 4, 5, 5)), torch.full((2, 4), 9.0))
