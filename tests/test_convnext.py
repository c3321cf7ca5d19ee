"""ConvNeXt, its successors and VAN: what the tests of every network do not say of them."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from meters import measured_peak_bytes

from nas import zoo
from nas.compiler import compile_graph
from nas.graph import Graph, GraphBuilder, cost
from nas.graph.ops import Activation, GlobalResponseNorm, LayerNorm, Linear, StochasticDepth
from nas.lowering import lower
from scaling import scale_graph

MAP = (24, 9, 7)


def rates(graph: Graph) -> list[float]:
    return [node.op.rate for node in graph.nodes.values() if isinstance(node.op, StochasticDepth)]


def test_the_last_of_18_blocks_has_the_whole_rate_of_stochastic_depth():
    """arXiv:2201.03545 Table 5: 0.1 for ConvNeXt-T; torchvision convnext.py counts blocks - 1 steps."""
    assert rates(zoo.build("convnext_tiny")) == pytest.approx([0.1 * block / 17 for block in range(18)])


def test_a_deeper_graph_has_the_whole_rate_in_its_last_block_too():
    assert rates(scale_graph(zoo.build("convnext_tiny"), depth=2))[-1] == pytest.approx(0.1)


def test_both_branches_of_a_van_block_are_dropped_at_one_rate():
    found = rates(zoo.build("van_b0"))
    assert found[::2] == found[1::2] == pytest.approx([0.1 * block / 12 for block in range(13)])


def test_van_has_the_names_of_the_authors_code():
    """Visual-Attention-Network/VAN-Classification, models/van.py."""
    shapes = {key: tuple(tensor.shape) for key, tensor in compile_graph(zoo.build("van_b0")).state_dict().items()}
    published = {
        "patch_embed1.proj.weight": (32, 3, 7, 7),
        "patch_embed4.norm.running_var": (256,),
        "block1.0.layer_scale_1": (32,),
        "block2.2.attn.proj_1.bias": (64,),
        "block3.4.attn.spatial_gating_unit.conv0.weight": (160, 1, 5, 5),
        "block3.4.attn.spatial_gating_unit.conv_spatial.weight": (160, 1, 7, 7),
        "block4.1.attn.spatial_gating_unit.conv1.weight": (256, 256, 1, 1),
        "block4.1.mlp.dwconv.dwconv.weight": (1024, 1, 3, 3),
        "norm3.weight": (160,),
        "head.weight": (1000, 256),
    }
    assert published.items() <= shapes.items()
    assert {key.split(".")[0].rstrip("1234") for key in shapes} == {"patch_embed", "block", "norm", "head"}


def test_a_vans_depthwise_filters_start_as_wide_as_one_filter_asks():
    """Normal with variance 2 / (kernel area), for the fan-out of a group is one filter's."""
    weights = compile_graph(zoo.build("van_b1"), generator=torch.Generator().manual_seed(0)).state_dict()
    assert weights["block2.0.mlp.dwconv.dwconv.weight"].std().item() == pytest.approx((2 / 9) ** 0.5, rel=0.03)


@pytest.mark.parametrize(("name", "shape"), [("convnext_tiny", (96, 1, 1)), ("convnext_xlarge", (256,))])
def test_layer_scale_has_the_shape_of_its_library_and_starts_at_a_millionth(name, shape):
    table = zoo.architecture(name)
    first = table.stages[0].model_copy(update={"repeats": 1})
    weights = compile_graph(lower(table.model_copy(update={"stages": (first,)}))).state_dict()
    (scale,) = (tensor for key, tensor in weights.items() if "scale" in key or "gamma" in key)
    assert scale.shape == shape
    assert (scale == 1e-6).all()


def test_global_response_norm_is_algorithm_1():
    """arXiv:2301.00808, Algorithm 1, on maps laid out (images, H, W, C)."""
    build = GraphBuilder(MAP)
    model = compile_graph(build.graph([build.add(GlobalResponseNorm(24), build.input, name="grn")])).double()
    gamma, beta = torch.randn(24).double(), torch.randn(24).double()
    model.load_state_dict({"grn.weight": gamma, "grn.bias": beta})
    x = torch.randn(2, 9, 7, 24).double()
    gx = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
    nx = gx / (gx.mean(dim=-1, keepdim=True) + 1e-6)
    assert torch.allclose(model(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), gamma * (x * nx) + beta + x, atol=1e-12)


def test_linear_layers_over_a_map_share_one_change_of_its_layout():
    build = GraphBuilder(MAP)
    x = build.add(LayerNorm(24), build.input, name="norm")
    x = build.add(Activation("gelu"), build.add(Linear(24, 96), x, name="wide"), name="act")
    model = compile_graph(build.graph([build.add(Linear(96, 24), x, name="narrow")]))
    assert Counter(node.target for node in model.graph.nodes)["permute"] == 2
    image = torch.randn(2, *MAP)
    by_hand = model.narrow(model.act(model.wide(model.norm(image.permute(0, 2, 3, 1)))))
    assert torch.equal(model(image), by_hand.permute(0, 3, 1, 2))


def test_a_linear_layer_over_a_map_counts_its_activations_as_the_convolution_that_it_is():
    """timm has 13.44M with the classifier's: results/benchmark-infer-fp32-nchw-pt240-cpu-i9_10940x-dynamo.csv."""
    found = cost(zoo.build("convnext_tiny")).activations
    assert (found + 1000) / 1e6 == pytest.approx(13.44, abs=0.005)
    as_convolutions = [row.model_copy(update={"dense": "conv"}) for row in zoo.architecture("convnext_tiny").stages]
    table = zoo.architecture("convnext_tiny").model_copy(update={"stages": tuple(as_convolutions)})
    assert cost(lower(table)).activations == found


@pytest.mark.parametrize("op", [LayerNorm(24), GlobalResponseNorm(24)], ids=repr)
def test_a_norm_holds_its_statistics_while_it_runs(op):
    build = GraphBuilder(MAP)
    graph = build.graph([build.add(op, build.input, name="norm")])
    assert cost(graph).peak_memory_bytes == measured_peak_bytes(compile_graph(graph), MAP)
