"""Pictures: of networks by stage and block, and of searches as a front."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from nas import Graph, zoo
from nas.errors import FileError
from nas.graph import GraphBuilder, Value
from nas.graph.ops import Activation, Add, Concat, Conv2d, GlobalAvgPool, Linear, Multiply, Parameter, Split
from nas.report.drawing import draw, picture
from nas.report.front import DOTTED, Baseline, Cap, Point, draw_front
from nas.report.picture import Box, Layout, lay_out
from nas.report.picture.text import text_width
from nas.report.plot import Plot, pareto

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def b0() -> Graph:
    return zoo.build("efficientnet_b0")


# -- graphs from elsewhere: no stages, no blocks, and wires as they come -----------------------------------------


def odd_graph() -> Graph:
    """Several inputs, several outputs, x · x, a split, a parameter."""
    build = GraphBuilder((3, 32, 32))
    x = build.add(Conv2d(3, 16, (3, 3), (2, 2), (1, 1)), build.input, name="stem")
    square = build.add(Multiply(), x, x, name="square")
    left, right = build.add_multi(Split((8, 8)), square, name="split")
    both = build.add(Concat(), right, left, build.add(Activation("silu"), left, name="act"), name="concat")
    scaled = build.add(Multiply(), both, build.add(Parameter((24, 1, 1)), name="scale"), name="scaled")
    joined = build.add(Add(), build.add(Conv2d(24, 16), scaled, name="conv"), x, square, name="sum")
    pooled = build.add(GlobalAvgPool(), joined, name="pool")
    return build.graph([build.add(Linear(16, 10), pooled, name="fc"), joined, both], name="odd")


def random_graph(seed: int, *, stages: bool) -> Graph:
    """40 nodes that read what they like; with `stages` they also stand where they like."""
    rng = np.random.default_rng(seed)
    build = GraphBuilder((3, 8, 8))
    made = [build.add(Conv2d(3, 8), build.input, name="first")]

    def pick() -> Value:
        return made[max(0, len(made) - int(rng.geometric(0.3)))]

    for number in range(40):
        if stages:
            build.stage, build.block = f"s{rng.integers(4)}", (None, 0, 1)[rng.integers(3)]
        op = (Conv2d(8, 8, (3, 3), padding=(1, 1)), Activation("relu"), Add(), Multiply(), Concat())[rng.integers(5)]
        name = f"n{number}"
        if isinstance(op, Concat):
            wide = build.add(op, pick(), pick(), pick(), name=f"{name}_wide")
            made.append(build.add(Conv2d(24, 8), wide, name=name))
        else:
            made.append(build.add(op, *[pick() for _ in range(op.fewest)], name=name))
    return build.graph([made[-1], pick()], name=f"random {seed}")


# -- what a picture shows ----------------------------------------------------------------------------------------


def test_the_picture_of_b0_names_every_stage_and_its_shares(b0):
    text = picture(b0, ".svg").decode()
    ElementTree.fromstring(text)  # SVG that parses; the letters are outlines, and the words stand in comments
    for words in ("efficientnet_b0", "stem", *(f"stage{n}" for n in range(1, 8)), "head", "40 ch · 28×28", "5,288,548"):
        assert words in text


def test_png_by_the_suffix_and_of_a_size_that_fits_a_page(b0, tmp_path):
    draw(b0, tmp_path / "b0.PNG", title="the smallest")
    head = (tmp_path / "b0.PNG").read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    assert 1500 < int.from_bytes(head[16:20], "big") <= 2400
    assert [path.name for path in tmp_path.iterdir()] == ["b0.PNG"]


def test_the_same_graph_makes_the_same_bytes():
    small = odd_graph()
    for suffix in (".svg", ".png"):
        assert picture(small, suffix) == picture(Graph.from_json(small.to_json()), suffix)


def test_another_suffix_is_told_in_one_line(tmp_path):
    for name in ("b0.pdf", "b0"):
        with pytest.raises(FileError, match=r"\.svg or \.png") as caught:
            draw(odd_graph(), tmp_path / name)
        assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_equal_blocks_of_a_stage_are_drawn_once(b0):
    # B0's repeats are 1, 2, 2, 3, 3, 4, 1 (arXiv:1905.11946, Table 1); the first block of a stage is unlike the others.
    times = [frame.times for frame in lay_out(b0).frames]
    assert [text for text in times if text] == ["× 2", "× 2", "× 3"]
    assert len(times) == 7 + 5


def test_the_layers_of_a_dense_block_are_drawn_once_with_the_channels_behind_the_first_and_the_last():
    # DenseNet-121's blocks have 6, 12, 24 and 16 layers of 32 channels (arXiv:1608.06993, Table 1).
    layout = lay_out(zoo.build("densenet121"))
    assert [frame.times for frame in layout.frames if frame.times] == ["× 6", "× 12", "× 24", "× 16"]
    widths = [box.label for box in layout.boxes if box.label.startswith("concat")]
    assert widths == ["concat · 96 … 256", "concat · 160 … 512", "concat · 288 … 1024", "concat · 544 … 1024"]


def test_squeeze_excite_is_one_small_box_with_its_channels(b0):
    # torchvision: squeeze_channels = max(1, input_channels // 4)
    gates = [box.label for box in lay_out(b0).boxes if box.kind == "gate"]
    assert gates[:3] == ["SE 8", "SE 4", "SE 6"]


def test_a_convolution_takes_its_norm_and_activation_into_its_box(b0):
    (stem,) = [box for box in lay_out(b0).boxes if box.kind == "conv"]
    assert (stem.label, stem.detail) == ("3×3 ↓2 · 32", "BN · silu")


def labels(name: str) -> list[str]:
    return [box.label for box in lay_out(zoo.build(name)).boxes]


def test_nasnets_two_cells_are_drawn_once_each_and_the_stack_says_where_they_stand_and_how_wide():
    # arXiv:1707.07012, Figures 2 and 4: a normal and a reduction cell of five sums each; 4 @ 1056, 6 @ 4032 (Table 2).
    for name, repeats, channels in (("nasnet_mobile", 4, 1056), ("nasnetalarge", 6, 4032)):
        layout = lay_out(zoo.build(name))
        assert [box.label for box in layout.boxes].count("+") == 5 + 5
        again = [box for box in layout.boxes if box.kind == "again"]
        later = ["like stage2, block 0", "like stage2, block 1", "like stage2, block 1"]
        assert [box.label for box in again] == ["like stage2, block 0", "like block 1", *later, *later]
        assert f", × 4: {channels} ch" in again[-1].detail
        assert [frame.times for frame in layout.frames if frame.times] == [f"× {repeats - 1}"] * 3
        assert 1800 < layout.width * 150 / 72 < 2700
        assert layout.height * 150 / 72 < 3000


def test_large_blocks_are_drawn_once_only_where_one_factor_tells_all_their_channels():
    # GoogLeNet's modules have widths of their own (arXiv:1409.4842, Table 1); ResNet's blocks are small.
    for name in ("googlenet", "inception_v3", "inception_v4", "resnet50", "densenet121", "efficientnet_b0"):
        assert not [box for box in lay_out(zoo.build(name)).boxes if box.kind == "again"]
    found = [box for box in lay_out(zoo.build("resnest50d")).boxes if box.kind == "again"]
    assert (found[0].label, found[0].detail) == ("like stage1, block 1–2", "× 2: 512 ch · 28×28")


def test_branches_stand_in_the_order_of_the_module():
    # arXiv:1409.4842, Figure 2b and Table 1, row 3a: 64 | 96, 128 | 16, 32 | pool, 32.
    module = [box for box in lay_out(zoo.build("googlenet")).boxes if box.label != "max pool 3×3 ↓2"][4:11]
    assert [box.label for box in sorted(module, key=lambda box: (box.x, box.y))] == [
        *("1×1 · 64", "1×1 · 96", "3×3 · 128", "1×1 · 16", "3×3 · 32", "max pool 3×3", "1×1 · 32"),
    ]


def test_a_separable_convolution_is_one_box_with_the_activation_before_it():
    # arXiv:1610.02357, Figure 5: the middle flow is three times ReLU and a separable convolution of 728 channels.
    boxes = lay_out(zoo.build("xception")).boxes
    middle = [box.detail for box in boxes if box.label == "sep 3×3 · 728"][2:5]
    assert middle == ["after relu · BN · relu", "BN · relu", "BN"]
    assert not [label for label in labels("mobilenetv1_100") if label.startswith("sep")]  # norms between its layers


def test_words_tell_outputs_dropout_layer_scales_and_standardised_filters():
    assert {"output aux1 · 1000", "output aux2 · 1000"} < set(labels("googlenet_aux"))
    assert "dropout 0.5" in labels("squeezenet1_1")
    assert {"layer scale 1×1×1", "3×3 std ↓2 · 16"} < set(labels("dm_nfnet_f0"))


def test_the_shares_of_the_panels_add_up_to_the_network():
    for name in ("efficientnet_b0", "resnet50", "mobilenet_v2"):
        panels = lay_out(zoo.build(name)).panels
        assert sum(panel.macs for panel in panels) == pytest.approx(1)
        assert sum(panel.params for panel in panels) == pytest.approx(1)


def test_drawing_is_cheap_to_import():
    program = "import sys, nas.report.drawing, nas.report.front; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "False"


def test_names_from_elsewhere_are_drawn_as_they_are_and_never_as_markup():
    build = GraphBuilder((3, 8, 8))
    build.stage = "$\\frac{1}{2}$ -- <b>&\n\x00" + "long " * 100
    graph = build.graph([build.add(Conv2d(3, 4), build.input, name="c")], name="--> $x_1$ 网络")
    ElementTree.fromstring(picture(graph, ".svg"))


# -- where it all goes -------------------------------------------------------------------------------------------


def overlap(one: Box, two: Box) -> bool:
    return (
        one.x < two.x + two.width
        and two.x < one.x + one.width
        and one.y < two.y + two.height
        and two.y < one.y + one.height
    )


def runs_through(start: tuple[float, float], end: tuple[float, float], box: Box) -> bool:
    """Whether a line runs through the inside of a box (arrows end on the border, or in a circle)."""
    rim = 5.0 if box.round else 0.1
    (left, right), (low, high) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return (
        left < box.x + box.width - rim and right > box.x + rim and low < box.y + box.height - rim and high > box.y + rim
    )


def check_layout(layout: Layout) -> None:
    assert not [pair for pair in combinations(layout.boxes, 2) if overlap(*pair)]
    assert not [pair for pair in combinations(layout.panels, 2) if overlap(*pair)]
    lines = [line for wire in layout.wires for line in pairwise(wire.points)]
    assert all(x == u or y == v for (x, y), (u, v) in lines)
    assert not [(line, box) for line in lines for box in layout.boxes if runs_through(*line, box)]
    for box in layout.boxes:
        assert box.round or text_width(box.label, 7.5, bold=True) <= box.width
        assert any(
            panel.x <= box.x
            and panel.y <= box.y
            and box.x + box.width <= panel.x + panel.width
            and box.y + box.height <= panel.y + panel.height
            for panel in layout.panels
        )
    points = [point for wire in layout.wires for point in wire.points]
    assert all(0 < x < layout.width and 0 < y < layout.height for x, y in points)


def test_no_boxes_overlap_and_no_wire_runs_through_one(network):
    check_layout(lay_out(zoo.build(network)))


@pytest.mark.parametrize("stages", [False, True], ids=["unlabelled", "labelled at random"])
def test_foreign_graphs_are_laid_out_as_cleanly(stages):
    check_layout(lay_out(odd_graph()))
    for seed in range(20):
        check_layout(lay_out(random_graph(seed, stages=stages)))


def test_foreign_graphs_draw(tmp_path):
    for graph in (odd_graph(), random_graph(1, stages=True)):
        draw(graph, tmp_path / "foreign.png")
        draw(graph, tmp_path / "foreign.svg")
    single = GraphBuilder((1, 2, 2))
    draw(single.graph([single.input]), tmp_path / "single.svg")


def test_letters_stand_at_both_ends_of_a_far_wire():
    links = [box.label for box in lay_out(random_graph(3, stages=True)).boxes if box.kind == "link"]
    assert links
    assert all(links.count(label) >= 2 for label in links)


def test_a_text_is_never_wider_than_the_layout_believes(b0):
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    texts = {text for box in lay_out(b0).boxes for text in (box.label, box.detail) if text}
    for text in (*texts, "WMwm@%", "ijl'.,", "The quick brown fox jumps over 0123456789 lazy dogs"):
        for weight in ("normal", "bold"):
            font = FontProperties(family="DejaVu Sans", weight=weight)
            drawn = TextPath((0, 0), text, size=10, prop=font).get_extents()
            assert drawn.x1 <= text_width(text, 10, bold=weight == "bold")


# -- the front of a search ---------------------------------------------------------------------------------------

VISITED = [
    Point(100e6 * cost, score) for cost, score in ((1, 60), (2, 70), (2, 65), (3, 69), (4, 75), (8, float("nan")))
]


def test_the_front_is_what_no_other_point_beats():
    assert [(point.cost, point.score) for point in pareto(VISITED[:5])] == [(1e8, 60), (2e8, 70), (4e8, 75)]


def test_a_search_is_drawn_with_its_winner_baselines_budget_and_caveat(tmp_path):
    for name in ("front.svg", "again.svg", "front.png"):
        draw_front(
            VISITED,
            tmp_path / name,
            title="a search",
            score_label="accuracy (%)",
            cost_label="macs",
            highlighted=Point(4e8, 75, 74, 76.5),
            baselines=[Baseline("efficientnet_b0", 3.9e8, 76.3)],
            caps=[Cap("400M-flops", 4e8)],
            note="none of these networks was trained",
        )
    text = (tmp_path / "front.svg").read_text()
    for words in (
        "winner 75.00",
        "interval 74.00 to 76.50",
        "b0 76.30",
        "400M-flops",
        "none of these networks",
        "baselines",
    ):
        assert words in text
    assert "NaN" not in text
    assert (tmp_path / "again.svg").read_text() == text


def test_a_search_without_points_still_draws(tmp_path):
    draw_front([], tmp_path / "empty.png", title="", score_label="score", cost_label="macs")
    with pytest.raises(FileError, match=r"\.svg or \.png"):
        draw_front([], tmp_path / "empty.jpg", title="", score_label="score", cost_label="macs")


def test_labels_of_a_crowded_front_do_not_overlap():
    baselines = [Baseline(f"network {n}", 4e8 + 1e6 * n, 75 + 0.1 * n, 74, 76) for n in range(12)]
    plot = Plot(VISITED, Point(4e8, 75, 74, 76), baselines, [Cap("400M-flops", 4e8), Cap("410M-flops", 4.1e8)])
    places = [place for place in plot.label_places if place is not None]
    assert len(places) == 13
    assert not [pair for pair in combinations(places, 2) if pair[0].overlaps(pair[1])]


def search(worst: float) -> list[Point]:
    """Scores that rise with the cost, from `worst` at 100M to 80 at 400M, and as many 2 % below them."""
    rise = [(1e8 + 1e6 * n, 80 - (80 - worst) * (1 - n / 300) ** 3) for n in range(301)]
    return [Point(cost, score * share) for cost, score in rise for share in (1, 0.98)]


def test_the_picture_shows_winner_baselines_and_the_upper_front_and_tells_what_lies_below(tmp_path):
    baselines = [Baseline("net", 3.9e8, 78), Baseline("uniform sampling", 3.8e8, 77.5)]
    plot = Plot(search(20), Point(3.9e8, 79.9, 79.2, 80.6), baselines, [Cap("400M-flops", 4e8)])
    assert 75 < plot.y[0] < 77.5
    assert 80.6 < plot.y[1] < 81.5
    assert 1.5e8 < plot.x[0] < 3e8
    assert plot.x[1] > 4e8
    low = sum(point.score < plot.y[0] for point in plot.points)
    assert len(plot.points) - len(plot.shown) == low > 100
    path = tmp_path / "front.svg"
    marks = {"highlighted": plot.winner, "baselines": baselines}
    draw_front(search(20), path, title="", score_label="score", cost_label="macs", **marks)
    assert f"{low} of the 602 networks visited lie below this picture, with scores down to 19.60" in path.read_text()


@pytest.mark.parametrize("winner", [None, Point(float("nan"), 80), Point(4e8, 80)])
def test_nothing_is_cut_off_without_a_winner_or_where_the_range_is_small(winner):
    plot = Plot(search(20 if winner is None or not winner.is_finite else 79), winner)
    assert len(plot.shown) == len(plot.points) == 602


def test_a_baseline_far_below_is_shown():
    plot = Plot(search(20), Point(4e8, 80), [Baseline("low", 2e8, 25)])
    assert plot.y[0] < 25
    assert plot.y[0] <= plot.at(2e8, 25)[1]


def test_the_line_of_best_scores_runs_to_the_highest_cost_and_is_absent_for_one_network(tmp_path):
    assert Plot(VISITED[:5]).steps == [(1e8, 60), (2e8, 70), (4e8, 75)]
    assert Plot([Point(1e8, 60), Point(2e8, 50)]).steps == [(1e8, 60), (2e8, 60)]
    assert Plot([]).steps == Plot(VISITED[:1]).steps == []
    for visited, told in ((VISITED, True), (VISITED[:1], False)):
        draw_front(visited, tmp_path / "front.svg", title="", score_label="", cost_label="", highlighted=visited[0])
        assert ("best score up to that cost" in (tmp_path / "front.svg").read_text()) == told


def test_a_long_front_has_no_markers(tmp_path):
    for count, name in ((DOTTED, "few.svg"), (DOTTED + 1, "many.svg")):
        visited = [Point(1e8 + 1e6 * n, n) for n in range(count)]
        draw_front(visited, tmp_path / name, title="", score_label="", cost_label="")
    few, many = ((tmp_path / name).read_text().count("<use") for name in ("few.svg", "many.svg"))
    assert few - many > DOTTED - 5


def test_labels_stand_beside_their_markers_and_off_the_dots():
    cloud = [Point(3e8 + 1e6 * n, 70 + 0.5 * m) for n in range(100) for m in range(20)]
    plot = Plot([Point(1e8, 60), *cloud], Point(3.99e8, 79.5), [Baseline("net", 2.5e8, 75)])
    for point, spot in zip(plot.marked, plot.label_places, strict=True):
        assert spot is not None
        assert spot.apart(*plot.at(point.cost, point.score)) < 45
        assert not any(spot.apart(*plot.at(dot.cost, dot.score)) == 0 for dot in cloud)
