"""Graphs from elsewhere scale too: no table, no marks, only what the wires say."""

from __future__ import annotations

import networkx as nx
import pytest

from nas import zoo
from nas.errors import ScaleError
from nas.graph import Graph, GraphBuilder, cost
from nas.graph.ops import Add, Concat, Conv2d, Flatten, GlobalAvgPool, Input, Linear, Multiply, Parameter, Split
from nas.graph.taps import tapped
from nas.lowering import lower
from nas.multiplying import multiply
from scaling import scale_graph


def net(*rows):
    """The graph of rows of (name, op, inputs), read from networkx; "cut/1" is output 1 of node "cut"."""
    dag = nx.DiGraph()
    for name, op, *inputs in (("x", Input((3, 32, 32))), *rows):
        refs = [(ref.split("/")[0], int(ref[-1]) if "/" in ref else 0) for ref in inputs]
        dag.add_node(name, op=op, inputs=refs)
        dag.add_edges_from((source, name) for source, _ in refs)
    return Graph.from_networkx(dag)


def conv(channels, more, groups=1):
    return Conv2d(channels, more, groups=groups)


WIDE = ("wide", conv(3, 32), "x")
PARTS = (("a", conv(3, 8), "x"), ("b", conv(3, 8), "x"), ("c", conv(3, 8), "x"), ("abc", Concat(), *"abc"))

SUM = net(("a", conv(3, 16), "x"), ("b", conv(16, 16), "a"), ("sum", Add(), "a", "b"), ("y", conv(16, 9), "sum"))
BESIDE = net(*PARTS, ("d", conv(3, 24), "x"), ("sum", Add(), "d", "abc"), ("y", conv(24, 9), "sum"))
CUT = net(WIDE, ("cut", Split((8, 24)), "wide"), ("y", conv(24, 9), "cut/1"))
ODD_CUT = net(WIDE, ("cut", Split((10, 22)), "wide"), ("y", conv(10, 9), "cut"))
BETWEEN = net(*PARTS, ("cut", Split((8, 16)), "abc"), ("sum", Add(), "a", "cut"), ("y", conv(8, 9), "sum"))
INSIDE = net(*PARTS, ("cut", Split((12, 12)), "abc"), ("y", conv(12, 9), "cut"))
GROUPS = net(WIDE, ("dw", conv(32, 32, 32), "wide"), ("g", conv(32, 64, 4), "dw"), ("y", conv(64, 9), "g"))
SQUEEZE = (("mean", GlobalAvgPool(keepdim=True), "wide"), ("squeeze", conv(32, 8), "mean"))
GATE = net(
    WIDE, *SQUEEZE, ("e", conv(8, 32), "squeeze"), ("gated", Multiply(), "e", "wide"), ("y", conv(32, 9), "gated")
)
SCALED = net(WIDE, ("scale", Parameter((32, 1, 1))), ("by", Multiply(), "wide", "scale"), ("y", conv(32, 9), "by"))
FLAT = net(WIDE, ("flat", Flatten(), "wide"), ("hidden", Linear(32768, 64), "flat"), ("y", Linear(64, 10), "hidden"))
TO_IMAGE = net(("a", conv(3, 3), "x"), ("sum", Add(), "a", "x"), ("b", conv(3, 8), "sum"), ("y", conv(8, 9), "b"))
TWO_SUMS = net(
    *PARTS,
    *(("d", conv(3, 12), "x"), ("e", conv(3, 12), "x"), ("de", Concat(), *"de"), ("w", conv(3, 24), "x")),
    *(("sum", Add(), "w", "abc"), ("more", Add(), "sum", "de"), ("y", conv(24, 9), "more")),
)


@pytest.mark.parametrize(
    ("graph", "width", "channels"),
    [
        (SUM, 1.5, {"a": 24, "b": 24, "sum": 24, "y": 9}),  # terms of a sum are equally wide, and classes stay
        (BESIDE, 1.2, {"a": 8, "abc": 24, "d": 24, "y": 9}),  # by itself 24 × 1.2 would round to 32
        (CUT, 1.2, {"wide": 40, "cut": 10, "y": 9}),  # a split cuts in the same shares
        (BETWEEN, 2, {"a": 16, "cut": 16, "sum": 16, "y": 9}),  # ... or between concatenated parts
        (GROUPS, 1.5, {"wide": 48, "dw": 48, "g": 96, "y": 9}),
        (GATE, 1.5, {"wide": 48, "squeeze": 16, "e": 48, "gated": 48, "y": 9}),  # a gate is as wide as its map
        (SCALED, 0.5, {"wide": 16, "scale": 16, "y": 9}),
        (FLAT, 2, {"wide": 64, "flat": 65536, "hidden": 128, "y": 10}),
        (TO_IMAGE, 2, {"a": 3, "b": 16, "y": 9}),  # the image has three channels whatever is added to it
        (TWO_SUMS, 2, {"abc": 48, "de": 48, "w": 48, "y": 9}),
    ],
)
def test_channels_that_must_agree_are_rounded_once(graph, width, channels):
    shapes = scale_graph(graph, width=width, free="all").shapes()
    assert {name: shapes[name][0][0] for name in channels} == channels


def test_a_grouped_convolution_keeps_the_width_of_a_group():
    nodes = scale_graph(GROUPS, width=1.5, free="all").nodes
    assert [nodes[name].op.groups for name in ("wide", "dw", "g")] == [1, 48, 6]


@pytest.mark.parametrize(
    ("graph", "factors", "message"),
    [
        (SUM, {"width": 2, "free": "marked"}, "no width of this graph is marked as free; .* free='all'"),
        (SUM, {"depth": 2}, "no repeated stages"),
        (SUM, {"resolution": 0.01}, "shape=0"),
        (SUM, {"width": 0}, r"width multiplier 0 is out of bounds; it must lie in \(0, 10,000\]"),
        (SUM, {"depth": float("nan")}, "depth multiplier nan is out of bounds"),
        (FLAT, {"width": 1e4}, "node 'hidden': in_features="),
        (ODD_CUT, {"width": 1.2}, "40 channels cannot be split as 10 of 32 were"),
        (INSIDE, {"width": 2}, "node 'cut': its cuts fall inside concatenated channels"),
        (GROUPS, {"width": 1.3, "rounding": "nearest"}, "node 'g': 42 channels are no whole number of groups of 8"),
        (TWO_SUMS, {"width": 1.2}, "node '(sum|more)': shapes .* do not fit together"),
        (FLAT, {"resolution": 2}, "node 'hidden': linear expects 32768 channels"),
    ],
)
def test_a_graph_that_does_not_show_how_it_scales_is_told(graph, factors, message):
    with pytest.raises(ScaleError, match=message):
        scale_graph(graph, **{"free": "all", **factors})


def tower(blocks, names="body.{}", odd=None):
    """A stem, a stage of residual blocks (the `odd` one with another kernel), a classifier; no marks."""
    build = GraphBuilder((3, 32, 32))
    y = build.add(Conv2d(3, 16), build.input, name="stem")
    build.stage = "tower"
    for build.block in range(blocks):
        kernel = (5, 5) if build.block == odd else (3, 3)
        branch = build.add(Conv2d(16, 16, kernel, padding="same"), y, name=f"{names.format(build.block)}.conv")
        y = build.add(Add(), branch, y, name=f"{names.format(build.block)}.add")
    build.stage, build.block = "", None
    return build.graph([build.add(Linear(16, 10), build.add(GlobalAvgPool(), y, name="mean"), name="fc")])


@pytest.mark.parametrize(("blocks", "depth"), [(2, 1.5), (2, 3), (3, 2), (6, 1 / 3), (3, 1 / 3)])
def test_a_labelled_stage_repeats_its_blocks(blocks, depth):
    assert scale_graph(tower(blocks), depth=depth) == tower(round(blocks * depth))


def test_blocks_without_a_number_in_their_names_repeat_too():
    grown = scale_graph(tower(3, names="body_{}"), depth=2)
    assert grown.digest() == tower(6).digest()


@pytest.mark.parametrize(
    ("graph", "depth", "message"),
    [
        (tower(1), 2, "tower has one block, which does not show what a further one is like; scale the Architecture"),
        (tower(4, odd=2), 2, "the blocks of tower are not equal from the second on"),
        (tower(2), 0.2, "depth × 0.2 leaves no block in tower"),
    ],
)
def test_a_stage_that_cannot_change_its_repeats_is_named(graph, depth, message):
    with pytest.raises(ScaleError, match=message):
        scale_graph(graph, depth=depth)


def test_resolution_alone_changes_the_image_and_nothing_else():
    base, large = tower(1), scale_graph(tower(1), resolution=2)
    assert large.input_shape == (3, 64, 64)
    assert base.replace(large.nodes["x"]) == large
    assert (cost(large).macs - 160, cost(large).params) == (4 * (cost(base).macs - 160), cost(base).params)


@pytest.mark.parametrize("name", ["efficientnet_b0", "resnet50", "mobilenet_v2"])
def test_a_backbone_without_classes_scales_to_its_last_feature(name):
    table = zoo.architecture(name)
    for cut in (lambda table: lower(table, 0), lambda table: tapped(lower(table), [1, -1])):
        assert scale_graph(cut(table), width=2, rounding=table.rounding) == cut(multiply(table, width=2))
