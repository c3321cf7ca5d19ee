"""A compiled graph is the published network: its names, its macs, its memory, and a good citizen of torch."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from meters import measured_macs, measured_params, measured_peak_bytes
from safetensors.torch import load, save

import search_spaces
from nas import zoo
from nas.compiler import compile_graph, module_paths
from nas.errors import GraphError
from nas.graph import Graph, GraphBuilder, cost
from nas.graph.ops import Activation, Add, Concat, Conv2d, Multiply, Parameter, StochasticDepth
from nas.graph.starts import STARTS
from nas.graph.storage import overwrites
from nas.initialising import INITS
from nas.lowering import lower

STATE_DICTS = (Path(__file__).parent / "reference" / "state_dicts.txt").read_text().split("# ")[1:]


def lean(name: str, **arguments):
    """A small image makes every family cheap to run."""
    table = zoo.architecture(name).model_copy(update={"resolution": 64})
    return lower(table, **arguments)


@pytest.mark.parametrize("listing", STATE_DICTS, ids=lambda text: text.split("\n", 1)[0])
def test_a_compiled_network_has_the_state_dict_of_torchvision(listing):
    name, *lines = listing.strip().split("\n")
    model = compile_graph(zoo.build(name), init="none")
    ours = [f"{'x'.join(map(str, t.shape)) or '-'} {key}" for key, t in model.state_dict().items()]
    assert ours == lines


def test_the_two_meters_agree_on_a_network(network):
    graph = zoo.build(network)
    total = cost(graph)
    with torch.device("meta"):
        model = compile_graph(graph, init="none")
    assert total.params == measured_params(model)
    assert total.macs == measured_macs(model, graph.input_shape)


def test_the_two_meters_agree_on_sampled_networks(space_name):
    space = search_spaces.load(space_name)
    for genome in space.sample(3, rng=np.random.default_rng(7)):
        graph = lower(space.decode(genome), space.num_classes, space.in_chans)
        model = compile_graph(graph, init="none")
        total = cost(graph)
        assert total.params == measured_params(model)
        assert total.peak_memory_bytes == measured_peak_bytes(model, graph.input_shape)
        assert total.macs == measured_macs(model, graph.input_shape)


SMALLEST = {zoo.entry(name).family: name for name in reversed(zoo.tables())}  # the first entry of each family


@pytest.mark.parametrize("padding", ["symmetric", "same"])
@pytest.mark.parametrize(
    "name",
    [
        *SMALLEST.values(),
        "resnet50",
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("efficientnet_b8", "efficientnet_v2_s")),
    ],
)
def test_peak_memory_is_what_the_module_holds(name, padding):
    table = zoo.architecture(name).model_copy(update={"padding": padding})
    graph = lower(table.model_copy(update={"resolution": min(table.resolution, 224)}))
    model = compile_graph(graph, init="none")
    for size in (graph.input_shape[1], 97):  # at an odd size SAME pads other maps
        shape = (3, size, size)
        assert cost(graph, shape).peak_memory_bytes == measured_peak_bytes(model, shape)


@pytest.mark.parametrize(("size", "padded"), [(32, 0), (33, 34)])
def test_a_convolution_that_pads_nothing_at_this_size_copies_nothing(size, padded):
    build = GraphBuilder((3, size, size))
    x = build.add(Conv2d(3, 8), build.input, name="wide")
    graph = build.graph([build.add(Conv2d(8, 9, (2, 2), (2, 2), "same"), x, name="conv")])
    made = graph.shapes()["conv"][0][1] ** 2
    peak = 4 * max(8 * size**2 + 3 * size**2, 8 * size**2 + 8 * padded**2 + 9 * made)
    assert cost(graph).peak_memory_bytes == peak
    assert measured_peak_bytes(compile_graph(graph), (3, size, size)) == peak


@pytest.fixture(scope="module")
def b0():
    return compile_graph(lean("efficientnet_b0", num_classes=10), generator=torch.Generator().manual_seed(0)).eval()


@pytest.fixture(scope="module")
def image():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_a_deep_copy_computes_the_same(b0, image):
    assert torch.equal(copy.deepcopy(b0)(image), b0(image))


def test_torch_export_keeps_the_outputs(b0, image):
    assert torch.equal(torch.export.export(b0, (image,)).module()(image), b0(image))


def test_torch_export_with_a_free_batch_keeps_the_outputs(b0, image):
    batch = torch.export.Dim("batch", min=2, max=64)
    exported = torch.export.export(b0, (image,), dynamic_shapes=({0: batch},)).module()
    larger = torch.cat([image, image])
    assert torch.allclose(exported(larger), b0(larger), rtol=1e-5)


def test_torch_compile_traces_the_whole_graph(b0, image):
    torch._dynamo.reset()
    compiled = torch.compile(b0, backend="eager", fullgraph=True)
    assert torch.equal(compiled(image), b0(image))


def test_a_state_dict_survives_safetensors(b0, image):
    other = compile_graph(lean("efficientnet_b0", num_classes=10), init="none").eval()
    other.load_state_dict(load(save(b0.state_dict())), strict=True)
    assert torch.equal(other(image), b0(image))


def test_a_replaced_submodule_is_the_one_that_runs(b0, image):
    model = copy.deepcopy(b0)
    model.classifier[1] if hasattr(model.classifier, "__getitem__") else None
    setattr(model.classifier, "1", torch.nn.Linear(1280, 3))
    assert model(image).shape == (2, 3)


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v2", "resnet18", "resnet50", "efficientnetv2_b0"])
def test_a_training_step_reaches_every_weight(name):
    model = compile_graph(lean(name, num_classes=4)).train()
    loss = torch.nn.functional.cross_entropy(model(torch.randn(4, 3, 64, 64)), torch.tensor([0, 1, 2, 3]))
    loss.backward()
    assert all(weight.grad is not None for weight in model.parameters())


def test_training_drops_branches_and_inference_does_not(image):
    model = compile_graph(lean("efficientnet_b0", num_classes=10), generator=torch.Generator().manual_seed(0))
    model.train()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    with torch.no_grad():
        assert not torch.equal(model(image), model(image))
        model.eval()
        assert torch.equal(model(image), model(image))


def test_a_generator_fixes_the_weights():
    first, second = (
        compile_graph(lean("resnet18"), generator=torch.Generator().manual_seed(3)).state_dict() for _ in range(2)
    )
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_weights_start_as_in_the_family():
    model = compile_graph(zoo.build("efficientnet_b0"), generator=torch.Generator().manual_seed(0))
    head = model.get_submodule("features.8.0").weight
    assert head.std().item() == pytest.approx((2 / 1280) ** 0.5, rel=0.02)  # fan-out of a 1×1 convolution
    classifier = model.get_submodule("classifier.1")
    assert classifier.weight.abs().max().item() <= 1 / 1000**0.5
    assert not classifier.bias.any()


def test_features_are_the_maps_that_the_taps_name():
    model = compile_graph(zoo.build("resnet18"), out_indices=(1, 3), init="none")
    maps = model(torch.zeros(1, 3, 64, 64))
    assert [tuple(m.shape) for m in maps] == [(1, 64, 16, 16), (1, 256, 4, 4)]
    assert not hasattr(model, "fc")
    with pytest.raises(GraphError, match="5 taps"):
        compile_graph(zoo.build("resnet18"), out_indices=(5,))


def test_features_equal_the_inner_maps_of_the_whole_network():
    build = GraphBuilder((3, 16, 16))
    build.stage = "stem"
    x = build.add(Conv2d(3, 4, 3, 2, 1), build.input, name="stem")
    graph = build.graph([build.add(Activation("relu"), x, name="act")])
    generator = torch.Generator().manual_seed(0)
    tap = compile_graph(graph, out_indices=[0], generator=generator)
    whole = compile_graph(graph, generator=torch.Generator().manual_seed(0))
    image = torch.randn(1, 3, 16, 16)
    assert torch.equal(tap(image)[0], whole(image))


@pytest.mark.parametrize("name", ["forward", "training", "class", "self.getattr", "features.train", "Self", "meta"])
def test_any_node_name_compiles(name):
    build = GraphBuilder((3, 8, 8))
    model = compile_graph(build.graph([build.add(Conv2d(3, 4), build.input, name=name)]))
    assert model(torch.zeros(1, 3, 8, 8)).shape == (1, 4, 8, 8)
    assert list(model.state_dict()) == [f"{module_paths([name])[name]}.weight"]


@pytest.mark.parametrize("names", [("forward", "forward_"), ("class.a", "class_.a"), ("_in0", "b.c"), ("b.c", "__in1")])
def test_two_nodes_never_share_weights_or_a_variable(names):
    build = GraphBuilder((3, 8, 8))
    x = build.input
    for name in names:
        x = build.add(Conv2d(3, 3), x, name=name)
    model = compile_graph(build.graph([x]))
    assert len(model.state_dict()) == 2
    image = torch.randn(2, 3, 8, 8)
    first, second = (model.get_submodule(module_paths(names)[name]) for name in names)
    assert torch.equal(model(image), second(first(image)))


@pytest.mark.parametrize("name", ["self", "selfish", "class", "None", "_in0", "getattr", "torch", "a_b", "3"])
def test_the_image_may_have_any_name(name):
    build = GraphBuilder((3, 8, 8), input_name=name)
    scale = build.add(Parameter((3, 1, 1), 2.0), name="a.b")
    y = build.add(Concat(), build.add(Multiply(), build.input, scale, name="c.twice"), build.input, name="both")
    nodes = list(build.graph([y]).nodes.values())
    model = compile_graph(Graph([nodes[1], nodes[0], *nodes[2:]], [y.ref]))  # the image need not come first
    image = torch.randn(2, 3, 8, 8)
    assert torch.equal(model(image), torch.cat([2 * image, image], 1))


def test_an_unknown_start_of_the_weights_is_refused():
    with pytest.raises(GraphError, match="no init 'familly'; did you mean 'family'"):
        compile_graph(zoo.build("resnet18"), init="familly")
    assert set(STARTS) == set(INITS)


# -- running in place -------------------------------------------------------------------------------


def test_a_tensor_that_is_read_again_is_not_overwritten():
    build = GraphBuilder((3, 8, 8))
    x = build.add(Conv2d(3, 3), build.input, name="conv")
    y = build.add(Activation("relu"), x, name="act")
    graph = build.graph([build.add(Add(), y, x, name="sum")])
    assert overwrites(graph, graph.shapes()) == frozenset()
    model = compile_graph(graph)
    image = torch.randn(2, 3, 8, 8)
    inner = model.conv(image)
    assert torch.equal(model(image), inner.relu() + inner)


def test_the_image_is_never_overwritten():
    build = GraphBuilder((3, 8, 8))
    model = compile_graph(build.graph([build.add(Activation("relu"), build.input, name="act")]))
    image = torch.randn(1, 3, 8, 8)
    before = image.clone()
    model(image)
    assert torch.equal(image, before)


def test_an_output_is_not_overwritten_by_a_later_node():
    build = GraphBuilder((3, 8, 8))
    x = build.add(Conv2d(3, 3), build.input, name="conv")
    graph = build.graph([x, build.add(Activation("relu"), x, name="act")])
    assert not overwrites(graph, graph.shapes())


def test_what_the_backward_pass_needs_is_not_overwritten():
    build = GraphBuilder((3, 8, 8))
    x = build.add(Conv2d(3, 3), build.input, name="conv")
    gate = build.add(Activation("relu"), x, name="gate")
    y = build.add(Activation("silu"), gate, name="act")
    graph = build.graph([build.add(Multiply(), y, build.input, name="scaled")])
    assert overwrites(graph, graph.shapes()) == frozenset({"gate"})
    compile_graph(graph)(torch.randn(1, 3, 8, 8)).sum().backward()


def test_a_branch_that_is_dropped_may_be_overwritten_by_its_sum():
    build = GraphBuilder((3, 8, 8))
    x = build.add(Conv2d(3, 3), build.input, name="conv")
    y = build.add(StochasticDepth(0.5), build.add(Conv2d(3, 3), x, name="branch"), name="drop")
    graph = build.graph([build.add(Add(), y, x, name="sum")])
    assert overwrites(graph, graph.shapes()) == {"sum"}
    model = compile_graph(graph).eval()
    image = torch.randn(2, 3, 8, 8)
    inner = model.conv(image)
    assert torch.equal(model(image), model.branch(inner) + inner)
    model.train()(image).sum().backward()
