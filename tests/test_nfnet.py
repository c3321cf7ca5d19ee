"""NFNets keep the variance of their activations without norms."""

from __future__ import annotations

import pytest
import torch

from nas import zoo
from nas.architecture import Architecture
from nas.compiler import compile_graph
from nas.errors import ArchitectureError, GraphError
from nas.graph import cost
from nas.graph.ops import StandardisedConv2d, UnitVariance
from nas.graph.ops.pointwise import GAINS
from nas.layers import ACTIVATIONS, MODULES
from nas.lowering import lower
from scaling import scale_graph

# arXiv:2102.06171, Tables 3 and 4: millions of parameters, billions of flops (that is macs).
PAPER = {
    "f0": (71.5, 12.38),
    "f1": (132.6, 35.54),
    "f2": (193.8, 62.59),
    "f3": (254.9, 114.76),
    "f4": (316.1, 215.24),
    "f5": (377.2, 289.76),
    "f6": (438.4, 377.28),
    "f4_plus": (527, 367),
}


@pytest.mark.parametrize("size", PAPER)
def test_a_member_has_the_parameters_and_flops_of_the_paper(size):
    total, (params, flops) = cost(zoo.build(f"dm_nfnet_{size}")), PAPER[size]
    digits = (1, 2) if size != "f4_plus" else (0, 0)
    assert (round(total.params / 1e6, digits[0]), round(total.macs / 1e9, digits[1])) == (params, flops)


def counted(graph):
    return [node.op.blocks for node in graph.nodes.values() if isinstance(node.op, UnitVariance)]


def test_a_block_counts_those_since_the_last_transition():
    # deepmind-research, nfnets/nfnet.py: the variance starts anew behind the first block of each stage.
    assert counted(zoo.build("dm_nfnet_f0")) == [0, 1, 1, 2, 1, 2, 3, 4, 5, 6, 1, 2]


def test_blocks_are_counted_anew_in_a_deeper_graph():
    f1 = lower(zoo.architecture("dm_nfnet_f1"))
    assert counted(scale_graph(f1, depth=1.5)) == counted(zoo.build("dm_nfnet_f2"))


@pytest.mark.parametrize("function", GAINS)
def test_an_activation_with_its_gain_keeps_the_variance_of_normal_inputs(function):
    inputs = torch.randn(10**6, generator=torch.Generator().manual_seed(0))
    assert (GAINS[function] * ACTIVATIONS[function](inplace=False)(inputs)).var().item() == pytest.approx(1, rel=0.01)


def test_an_activation_without_a_known_gain_is_refused():
    table = zoo.architecture("dm_nfnet_f0").model_dump()
    with pytest.raises(ArchitectureError, match="hardswish"):
        Architecture.read({**table, "activation": "hardswish"})


def test_filters_are_standardised_before_they_are_used():
    for gain, variance in ((False, 1.0), (True, 1 / 54)):
        op = StandardisedConv2d(6, 8, (3, 3), eps=1e-12, gain=gain)
        model = MODULES[StandardisedConv2d](op, False, (6, 3, 3))
        model.weight = torch.nn.Parameter(3 + 5 * torch.randn(8, 6, 3, 3))
        identity = torch.eye(54).view(54, 6, 3, 3)  # each image picks one weight of every filter
        filters = model(identity).view(54, 8)
        assert torch.allclose(filters.mean(0), torch.zeros(8), atol=1e-6)
        assert torch.allclose(filters.var(0, correction=0), torch.full((8,), variance), rtol=1e-5)


def test_a_filter_of_one_weight_is_refused():
    with pytest.raises(GraphError, match="a filter of one weight has no variance"):
        StandardisedConv2d(6, 6, groups=6)


def test_a_residual_branch_starts_at_nothing():
    table = zoo.architecture("dm_nfnet_f0").model_copy(update={"resolution": 32})
    model = compile_graph(lower(table))
    assert not any(weight.any() for name, weight in model.named_parameters() if name.endswith("skipinit_gain"))
