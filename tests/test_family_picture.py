"""The picture of a scaled family among the published ones."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from math import inf, nan
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nas import cost, zoo
from nas.errors import FileError
from nas.report.family import ROOM, Member, Scene, draw_family
from nas.report.front import FAR, FRONT, MUTED, VISITED
from nas.report.labels import Rect

ROOT = Path(__file__).parent.parent
FOUR = [Member(f"{n}M-flops", n * 0.99e6, n * 7e3 + 1.8e6) for n in (200, 400, 800, 1600)]
CLOSE = [Member(f"{n}M-flops", n * 1e6, n * 1e4 + 1e6) for n in range(380, 440, 5)]


def zoo_family(prefix: str, *lasts: str) -> list[Member]:
    totals = {name: cost(zoo.build(name)) for name in (f"{prefix}{last}" for last in lasts)}
    return [Member(name, total.macs, total.params) for name, total in totals.items()]


@pytest.fixture(scope="module")
def families() -> dict[str, list[Member]]:
    return {
        "EfficientNet": zoo_family("efficientnet_b", *"01234567"),
        "EfficientNetV2": zoo_family("efficientnet", "v2_b0", "v2_b1", "v2_b2", "v2_b3", "_v2_s", "_v2_m", "_v2_l"),
        "ResNet": zoo_family("resnet", "18", "34", "50", "101", "152"),
    }


def crosses(one: tuple[float, ...], two: tuple[float, ...]) -> bool:
    """Whether two lines (x, y, x, y) cross."""

    def side(line: tuple[float, ...], x: float, y: float) -> bool:
        return (line[2] - line[0]) * (y - line[1]) > (line[3] - line[1]) * (x - line[0])

    return side(one, *two[:2]) != side(one, *two[2:]) and side(two, *one[:2]) != side(two, *one[2:])


def check(scene: Scene) -> None:
    labels = scene.labels()
    assert not [pair for pair in combinations(labels.values(), 2) if pair[0].overlaps(pair[1])]
    assert all(ROOM.holds(spot) for spot in labels.values())
    assert all(spot.apart(*marker) > 4 for spot in labels.values() for marker in scene.at.values())


def test_svg_and_png_by_suffix_and_the_same_bytes_again(tmp_path, families):
    for name in ("family.svg", "again.svg", "family.PNG"):
        draw_family(FOUR, tmp_path / name, title="b0 scaled & <b>", published=families, note="at 224 × 224 $x$")
    text = (tmp_path / "family.svg").read_text()
    ElementTree.fromstring(text)
    for words in ("1600M-flops", "EfficientNetV2", "resnet50", "500M", "10G", "macs", "params", "at 224 × 224"):
        assert words in text
    assert text == (tmp_path / "again.svg").read_text()
    assert (tmp_path / "family.PNG").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.svg", "family.PNG", "family.svg"]


def test_another_suffix_is_told_and_nothing_is_written(tmp_path):
    with pytest.raises(FileError, match=r"\.svg or \.png"):
        draw_family(FOUR, tmp_path / "family.pdf", title="")
    assert not list(tmp_path.iterdir())


def test_members_and_families_are_told_and_nothing_overlaps(families):
    scene = Scene(FOUR, families)
    check(scene)
    told = {color: {name.text for name in scene.labels() if name.color == color} for color in (FRONT, MUTED, VISITED)}
    assert told[FRONT] == {one.name for one in FOUR}
    assert told[MUTED] == set(families)
    assert len(told[VISITED]) > 10
    assert all(spot.apart(*name.anchor) <= FAR for name, spot in scene.labels().items())


@pytest.mark.parametrize("among", [False, True])
def test_crowded_members_are_told_in_a_column_without_crossing_lines(families, among):
    scene = Scene(CLOSE, families if among else {})
    check(scene)
    members = {name: spot for name, spot in scene.labels().items() if name.color == FRONT}
    assert {name.text for name in members} == {one.name for one in CLOSE}
    lines = []
    for (x, y), spot in ((name.anchor, spot) for name, spot in members.items() if spot.apart(*name.anchor) > FAR):
        end = min(max(x, spot.x), spot.x + spot.width), min(max(y, spot.y), spot.y + spot.height)
        lines.append((x, y, *end))
    assert among == (len(lines) > 3)
    assert not [pair for pair in combinations(lines, 2) if crosses(*pair)]


def test_a_label_stands_nearest_to_its_own_marker(families):
    scene = Scene(FOUR, families)
    for name, spot in scene.labels().items():
        assert spot.apart(*name.anchor) == min(spot.apart(*marker) for marker in scene.at.values())


def test_what_a_logarithm_cannot_show_is_left_out(tmp_path):
    bad = [Member("none", 0, 1e6), Member("nan", nan, 1e6), Member("inf", 1e9, inf), Member("less", 1e9, -1)]
    scene = Scene([*bad, *reversed(FOUR)], {"Bad": bad, "": []})
    assert scene.families == [FOUR, [], []]
    draw_family([*bad, *FOUR], tmp_path / "bad.png", title="", published={"Bad": bad})


@pytest.mark.parametrize("members", [[], FOUR[:1], FOUR[:1] * 3, [Member("x" * 300, 1, 1), Member("", 1e15, 1e15)]])
def test_none_one_equal_and_far_apart_members_draw(tmp_path, members):
    draw_family(members, tmp_path / "few.svg", title="t" * 300)
    check(Scene(members, {}))


def test_a_full_plot_leaves_labels_out():
    many = [Member(f"network number {n}", 1e9 + n, 1e7 + n) for n in range(200)]
    scene = Scene(many, {})
    labels: list[Rect] = list(scene.labels().values())
    assert not [pair for pair in combinations(labels, 2) if pair[0].overlaps(pair[1])]


def test_it_is_cheap_to_import():
    program = "import sys, nas.report.family; print({'matplotlib', 'torch', 'scipy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "set()"
