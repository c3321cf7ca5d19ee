"""Split attention and selective kernels: gates that sum to one, and groups that scale as the paper's numbers mean."""

from __future__ import annotations

import pytest
import torch

from nas import zoo
from nas.blocks import stage
from nas.compiler import compile_graph
from nas.errors import ArchitectureError, ScaleError
from nas.graph import Graph, GraphBuilder, Width
from nas.graph.ops import Conv2d, RadixSoftmax
from nas.lowering import lower
from nas.multiplying import multiply
from scaling import scale_graph


def softmax_of(radix: int, cardinality: int, gates: torch.Tensor) -> torch.Tensor:
    build = GraphBuilder((len(gates), 1, 1))
    graph = build.graph([build.add(RadixSoftmax(radix, cardinality), build.input, name="softmax")])
    return compile_graph(graph)(gates.view(1, -1, 1, 1)).flatten()


def test_the_gates_of_a_channel_sum_to_one():
    gates = softmax_of(2, 1, torch.randn(12))
    assert torch.allclose(gates[:6] + gates[6:], torch.ones(6))


def test_the_gates_of_a_map_stand_together_behind_the_softmax():
    # cardinal group 0 holds channel a of maps 0 and 1, group 1 channel b of both
    gates = softmax_of(2, 2, torch.tensor([3.0, 1.0, 5.0, 2.0]))
    first, second = torch.tensor([3.0, 1.0]).softmax(0), torch.tensor([5.0, 2.0]).softmax(0)
    assert torch.allclose(gates, torch.stack([first[0], second[0], first[1], second[1]]))


@pytest.mark.parametrize("make", [lambda t: lower(multiply(t, width=2)), lambda t: scale_graph(lower(t), width=2)])
def test_a_resnest_keeps_its_cardinality_when_it_grows(make):
    grown: Graph = make(zoo.architecture("resnest50d_4s2x40d"))
    split, reduce, expand = (grown.nodes[f"layer1.1.conv2.{name}"].op for name in ("conv", "fc1", "fc2"))
    assert isinstance(split, Conv2d)
    assert (split.groups, split.in_channels, split.out_channels) == (8, 160, 640)  # 4s2x40d: radix 4, two groups
    assert (reduce.groups, expand.groups) == (2, 2)


# tensorflow/models mobilenet _make_divisible(v, 8): 90 → 88, 91 → 88, 98 → 96, 12 → 16, 11 → 16 (8 loses over a tenth)
@pytest.mark.parametrize(("exact", "wide"), [(90, 88), (91, 88), (98, 96), (12, 16), (11, 16), (3, 8)])
def test_a_divisible_width_never_loses_more_than_a_tenth(exact, wide):
    assert Width("derived", "x", 1.0, "divisible", divisor=8).channels(exact) == wide


def test_a_width_has_a_least():
    assert Width("derived", "x", 0.25, "divisible", divisor=8, least=32).channels(64) == 32


def test_a_mark_with_a_divisor_survives_json():
    graph = zoo.build("resnest50d_4s2x40d")
    marks = {node.width for node in graph.nodes.values() if node.width and node.width.cardinality}
    assert {(mark.divisor, mark.cardinality) for mark in marks} >= {(8, 2), (32, 8)}
    assert Graph.from_json(graph.to_json()) == graph


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"block": "resnest", "channels": 256, "group_width": 4}, "group_width"),
        ({"block": "res2net", "channels": 256, "group_width": 4}, "group_width"),
        ({"block": "selective_bottleneck", "channels": 256, "group_width": 1}, "each path reads its share"),
        (
            {"block": "selective_bottleneck", "channels": 256, "ratio": 0.5, "group_width": 3},
            "no multiple of group_width",
        ),
        ({"block": "bottleneck", "channels": 256, "scale": 4}, "scale"),
    ],
)
def test_a_column_that_a_block_does_not_have_is_refused(row, message):
    with pytest.raises((ArchitectureError, ValueError), match=message):
        stage(row)


def test_halves_that_do_not_come_out_even_name_their_stage():
    with pytest.raises(ScaleError, match=r"stage1, node '.*': 67 channels cannot be split as 32 of 64 were"):
        scale_graph(zoo.build("skresnet18"), width=1.05, rounding="nearest")
