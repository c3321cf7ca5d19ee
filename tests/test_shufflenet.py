"""ShuffleNet, which no library has, against its paper and its authors' code; and its channels, which move."""

from __future__ import annotations

import pytest
import torch

from nas import zoo
from nas.blocks import stage
from nas.compiler import compile_graph
from nas.errors import ScaleError
from nas.graph import GraphBuilder, cost
from nas.graph.ops import ChannelShuffle, Concat, Conv2d
from scaling import scale_graph


# arXiv:1707.01083: Table 1 (1×), Table 2 (0.25× and 0.5×), Table 5 (1.5× and 2×), in millions of multiply-adds.
@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("x1_0_g1", 143),
        ("x1_0_g2", 140),
        ("x1_0_g3", 137),
        ("x1_0_g4", 133),
        ("x1_0_g8", 137),
        ("x0_25_g3", 13),
        ("x0_5_g3", 38),
        ("x1_5_g3", 292),
        ("x2_0_g3", 524),
    ],
)
def test_shufflenet_has_the_macs_of_the_paper(name, millions):
    assert cost(zoo.build(f"shufflenet_v1_{name}")).macs / 1e6 == pytest.approx(millions, rel=0.011, abs=0.5)


# megvii-model/ShuffleNet-Series, ShuffleNetV1/README.md, in millions.
@pytest.mark.parametrize(
    ("name", "millions"), [("x2_0_g3", 5.4), ("x1_5_g3", 3.4), ("x1_0_g3", 1.9), ("x1_0_g8", 2.4), ("x0_5_g3", 0.7)]
)
def test_shufflenet_has_the_parameters_of_its_authors_code(name, millions):
    assert zoo.build(f"shufflenet_v1_{name}").params / 1e6 == pytest.approx(millions, abs=0.051)


def test_a_shuffle_gives_each_group_channels_of_every_group():
    build = GraphBuilder((6, 1, 1))
    model = compile_graph(build.graph([build.add(ChannelShuffle(3), build.input, name="shuffle")]))
    assert model(torch.arange(6.0).reshape(1, 6, 1, 1)).flatten().tolist() == [0, 2, 4, 1, 3, 5]


def test_channels_that_a_shuffle_mixes_are_one_group_as_wide_as_all():
    build = GraphBuilder((3, 8, 8))
    parts = [build.add(Conv2d(3, channels), build.input, name=f"c{channels}") for channels in (8, 16)]
    shuffled = build.add(ChannelShuffle(2), build.add(Concat(), *parts, name="joined"), name="shuffled")
    graph = build.graph([build.add(Conv2d(24, 9), shuffled, name="y")])
    wide = scale_graph(graph, width=1.5, free="all")
    assert [shape[0] for name in ("c8", "c16", "shuffled", "y") for shape in wide.shapes()[name]] == [16, 24, 40, 9]


def test_a_width_that_halves_or_groups_do_not_divide_is_refused_with_one_that_fits():
    with pytest.raises(ValueError, match="a quarter of channels 40 is no 3 groups; 36 fits"):
        stage({"block": "shufflenet", "channels": 40, "groups": 3})
    with pytest.raises(ValueError, match="channels 25 is odd"):
        stage({"block": "shufflenetv2", "channels": 25})
    with pytest.raises(ScaleError, match=r"stage1, .*25 channels cannot be split as 24 of 48.*scale the Architecture"):
        scale_graph(zoo.build("shufflenet_v2_x0_5"), width=0.52, rounding="nearest")
    with pytest.raises(ScaleError, match=r"stage1, .*make 14 channels where its mark makes 13; .*Architecture"):
        scale_graph(zoo.build("ghostnet_100"), width=0.8, rounding="nearest")
