"""The networks before ResNet that no table of stages holds, and DenseNet, whose blocks widen the map."""

from __future__ import annotations

import pytest
from meters import measured_peak_bytes

from nas import zoo
from nas.compiler import compile_graph
from nas.errors import ScaleError, SpaceError
from nas.graph import GraphBuilder, cost
from nas.graph.ops import Activation, Conv2d, LocalResponseNorm
from nas.graph.taps import taps
from nas.networks import load_network
from nas.space import SearchSpace
from scaling import scale_graph

PLANS = [n for family in ("lenet", "alexnet", "zfnet", "squeezenet", "xception") for n in zoo.names(family)]


def test_lenet_has_the_parameters_of_its_layers():
    shares = {name: share.params for name, share in cost(zoo.build("lenet5")).by_node.items() if share.params}
    assert list(shares.values()) == [156, 2_416, 48_120, 10_164, 850]
    assert sum(shares.values()) == 61_706  # what tutorials of LeNet-5 print


def test_lenet_reads_grey_digits_unless_told_otherwise():
    network = load_network("lenet5")
    assert network.graph.input_shape == (1, 32, 32)
    assert (network.num_classes, network.in_chans) == (10, 1)
    other = zoo.build("lenet5", num_classes=1000, in_chans=3)
    assert other.input_shape == (3, 32, 32)
    assert other.shapes()[other.outputs[0][0]] == ((1000,),)
    assert load_network("lenet5", num_classes=7).num_classes == 7


def test_zfnet_has_the_maps_of_its_figure_and_the_parameters_of_the_brief():
    # arXiv:1311.2901, Figure 3: 110, 55, 26, 13, 13, 13, 13 and 6 pixels.
    graph = zoo.build("zfnet")
    sizes = [shape[1] for (shape,) in graph.shapes().values() if len(shape) == 3]
    assert list(dict.fromkeys(sizes)) == [224, 110, 55, 26, 13, 6]
    assert graph.params == 62_357_608


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("squeezenet1_0", {2: 96, 4: 256, 8: 512, 16: 512}),  # arXiv:1602.07360, Table 1
        ("squeezenet1_1", {2: 64, 4: 128, 8: 256, 16: 512}),
        ("alexnet", {4: 64, 8: 192, 16: 256, 32: 256}),
        ("densenet121", {2: 64, 4: 256, 8: 512, 16: 1024, 32: 1024}),  # timm densenet.py, feature_info
        ("densenet161", {2: 96, 4: 384, 8: 768, 16: 2112, 32: 2208}),
    ],
)
def test_feature_taps_are_counted_by_their_strides(name, channels):
    assert {tap.reduction: tap.channels for tap in taps(zoo.build(name))} == channels


@pytest.mark.parametrize("name", PLANS)
def test_peak_memory_is_what_the_module_holds(name):
    graph = zoo.build(name)
    model = compile_graph(graph, init="none")
    sizes = {graph.input_shape[1], 97} - ({97} if name == "lenet5" else set())  # its linear layers read 5×5 maps only
    for size in sizes:
        shape = (graph.input_shape[0], size, size)
        assert cost(graph, shape).peak_memory_bytes == measured_peak_bytes(model, shape)


@pytest.mark.parametrize("channels", [2, 32])
@pytest.mark.parametrize(
    "op", [Activation("sigmoid"), Activation("tanh"), LocalResponseNorm(), LocalResponseNorm(2, k=2.0)], ids=repr
)
def test_what_cannot_run_in_place_is_counted(op, channels):
    build = GraphBuilder((3, 16, 16))
    graph = build.graph([build.add(op, build.add(Conv2d(3, channels), build.input, name="conv"), name="op")])
    assert cost(graph).peak_memory_bytes == measured_peak_bytes(compile_graph(graph, init="none"), (3, 16, 16))


@pytest.mark.parametrize("name", PLANS)
def test_widths_scale_on_the_graph_and_classes_stay(name):
    graph = zoo.build(name)
    wide = scale_graph(graph, width=1.5, rounding="nearest")
    assert wide.lint() == []
    assert 1.9 < wide.params / graph.params < 2.4
    assert wide.shapes()[wide.outputs[0][0]] == graph.shapes()[graph.outputs[0][0]]


def test_a_scaled_fire_module_squeezes_to_an_eighth_of_its_output():
    # arXiv:1602.07360, §5.1: SR = 0.125, and half of the expand filters are 3×3.
    wide = scale_graph(zoo.build("squeezenet1_1"), width=1.75)
    made = {name: shapes[0][0] for name, shapes in wide.shapes().items()}
    for name in (name for name in made if name.endswith("squeeze")):
        fire = name.rpartition(".")[0]
        assert made[f"{fire}.expand1x1"] == made[f"{fire}.expand3x3"] == 4 * made[name]


def test_the_middle_flow_of_xception_grows_in_depth():
    deep = scale_graph(zoo.build("xception"), depth=2)
    assert [name for name in deep.nodes if name.endswith(".skip")] == [f"block{n}.skip" for n in (1, 2, 3, 20)]


def test_a_dense_block_is_deepened_as_a_table_only():
    with pytest.raises(ScaleError, match="blocks of stage1 are not equal from the second on; scale the Architecture"):
        scale_graph(zoo.build("densenet121"), depth=2)


def test_a_search_space_refuses_blocks_that_widen_the_map():
    stage = {"block": "dense", "channels": (24, 32), "repeats": (2, 3)}
    with pytest.raises(SpaceError, match="block 'dense': the blocks of a stage differ in width"):
        SearchSpace.read({"schema": "nascli.space/1", "name": "dense", "base": "densenet121", "stages": [stage]})
