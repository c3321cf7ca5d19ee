"""A network as a picture: `draw` writes an SVG or PNG file. The layout is `nas.report.picture`; this paints it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nas.files import write_bytes
from nas.graph.graph import Graph
from nas.report.figure import INK, MUTED, RULE, picture_suffix, render
from nas.report.picture import Box, Frame, Key, Layout, Panel, Wire, lay_out
from nas.report.picture.layout import BODY, SWATCH
from nas.report.picture.panels import PAD, SUBTITLE, TITLE
from nas.report.picture.wiring import DETAIL, LABEL, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# kind -> (fill, border): tints of the Okabe–Ito palette, which colour-blind people can tell apart, under dark text
PALETTE = {
    "port": ("#3b4754", "#3b4754"),
    "conv": ("#b3d4ea", "#0072b2"),
    "pointwise": ("#e3f2fb", "#56b4e9"),
    "depthwise": ("#fbe3b3", "#e69f00"),
    "linear": ("#f6cdb2", "#d55e00"),
    "gate": ("#f0d7e5", "#cc79a7"),
    "pool": ("#bfe6da", "#009e73"),
    "join": ("#ffffff", INK),
    "other": ("#eceff3", "#7b8794"),
    "again": ("#ffffff", "#7b8794"),
    "link": ("#fff9c4", "#8a7d00"),
}
PANEL, BAR, WIRE = "#f7f8fa", {"macs": "#0072b2", "params": "#e69f00"}, "#4a5563"
NAME, LONGEST_BAR, VALUE = 27.0, 75.0, 28.0  # a bar: room for its name, its length, room for its value
CORNER, HEAD = 3.0, (5.0, 2.3)  # radius of a wire's corner; length and half width of its arrow head


def draw(graph: Graph, path: str | Path, *, title: str = "") -> None:
    """Write a picture of `graph` to `path`, as SVG or PNG by its suffix; `title` stands for the graph's name."""
    suffix = picture_suffix(path)
    write_bytes(path, picture(graph, suffix, title=title))


def picture(graph: Graph, suffix: str, *, title: str = "") -> bytes:
    """The picture of `graph` as the bytes of a ".svg" or ".png" file; the same graph makes the same bytes."""
    layout = lay_out(graph, title)
    return render(suffix, layout.width, layout.height, partial(_paint, layout=layout))


def _paint(figure: Figure, layout: Layout) -> None:
    """Everything, from the back to the front, on axes whose unit is one point."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, layout.width), ylim=(layout.height, 0))
    axes.set_axis_off()
    for panel in layout.panels:
        _panel(axes, panel)
    for frame in layout.frames:
        _frame(axes, frame)
    for wire in layout.wires:
        _wire(axes, wire)
    for box in layout.boxes:
        _box(axes, box)
    for line in layout.lines:
        _text(axes, (line.x, line.y), line.text, line.size, bold=line.bold, color=INK if line.bold else MUTED)
    for key in layout.keys:
        _key(axes, key)


def _text(
    axes: Axes, at: Point, text: str, size: float, *, bold: bool = False, color: str = INK, align: str = "left"
) -> None:
    weight = "bold" if bold else "normal"
    axes.text(*at, text, size=size, weight=weight, color=color, ha=align, va="center_baseline", zorder=5)


def _rounded(
    axes: Axes, corner: Point, size: Point, fill: str, border: str, *, radius: float = 2.5, style: str = "-"
) -> None:
    from matplotlib.patches import FancyBboxPatch

    shape = f"round,pad=0,rounding_size={min(radius, size[0] / 2, size[1] / 2)}"
    axes.add_patch(
        FancyBboxPatch(corner, *size, boxstyle=shape, facecolor=fill, edgecolor=border, linewidth=0.8, linestyle=style)
    )


def _panel(axes: Axes, panel: Panel) -> None:
    """A stage: title, shape, and one bar each for its share of macs and params."""
    _rounded(axes, (panel.x, panel.y), (panel.width, panel.height), PANEL, RULE, radius=4)
    left, right = panel.x + PAD, panel.x + panel.width - PAD
    _text(axes, (left, panel.y + 10), panel.title, TITLE, bold=True)
    _text(axes, (left, panel.y + 22), panel.subtitle, SUBTITLE)
    for row, (what, share) in enumerate((("macs", panel.macs), ("params", panel.params))):
        y = panel.y + 35 + 10 * row
        _text(axes, (left, y), what, DETAIL, color=MUTED)
        start, length = left + NAME, min(LONGEST_BAR, right - left - NAME - VALUE)
        _rounded(axes, (start, y - 2), (length, 4), "#e3e7ec", "none", radius=0.5)
        _rounded(axes, (start, y - 2), (length * share, 4), BAR[what], "none", radius=0.5)
        _text(axes, (start + length + VALUE, y), f"{100 * share:.1f} %", DETAIL, align="right")


def _frame(axes: Axes, frame: Frame) -> None:
    """A block: its border, its number, and how often it stands there."""
    _rounded(axes, (frame.x, frame.y), (frame.width, frame.height), "#ffffff", RULE)
    _text(axes, (frame.x + 4, frame.y + 6.5), frame.caption, DETAIL, color=MUTED)
    _text(axes, (frame.x + frame.width - 4, frame.y + 6.5), frame.times, LABEL, bold=True, align="right")


def _box(axes: Axes, box: Box) -> None:
    """A part: one line, or a label with small print under it."""
    fill, border = PALETTE[box.kind]
    x, y = box.middle
    if box.round:
        _join(axes, box)
        return
    radius = box.height / 2 if box.kind in ("port", "link") else 2.5
    _rounded(axes, (box.x, box.y), (box.width, box.height), fill, border, radius=radius)
    color = "#ffffff" if box.kind == "port" else INK
    _text(axes, (x, y - 4.5 if box.detail else y), box.label, LABEL, bold=True, color=color, align="center")
    _text(axes, (x, y + 5.5), box.detail, DETAIL, color=color if box.kind == "port" else MUTED, align="center")


def _join(axes: Axes, box: Box) -> None:
    """A + or × in a circle, its small print on the left."""
    from matplotlib.patches import Circle

    fill, border = PALETTE[box.kind]
    axes.add_patch(Circle(box.middle, box.height / 2, facecolor=fill, edgecolor=border, linewidth=1.0))
    _text(axes, (box.x - 3, box.middle[1]), box.detail, DETAIL, color=MUTED, align="right")
    (x, y), arm = box.middle, box.height / 4
    strokes = [(arm, 0.0), (0.0, arm)] if box.label == "+" else [(0.7 * arm, 0.7 * arm), (0.7 * arm, -0.7 * arm)]
    for right, down in strokes:
        axes.plot((x - right, x + right), (y - down, y + down), color=INK, linewidth=1.1, zorder=5)


def _wire(axes: Axes, wire: Wire) -> None:
    """A line with rounded corners, and its arrow head."""
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path as Outline

    points, codes = [wire.points[0]], [Outline.MOVETO]
    for before, corner, after in zip(wire.points, wire.points[1:], wire.points[2:], strict=False):
        points += [_towards(corner, before), corner, _towards(corner, after)]
        codes += [Outline.LINETO, Outline.CURVE3, Outline.CURVE3]
    points.append(wire.points[-1])
    codes.append(Outline.LINETO)
    line = PathPatch(Outline(points, codes), fill=False, edgecolor=WIRE, linewidth=1.0, capstyle="round")
    line.set_snap(False)  # else lines that meet are rounded to different pixels
    axes.add_patch(line)
    if wire.arrow:
        axes.add_patch(Polygon(_arrow_head(*wire.points[-2:]), closed=True, facecolor=WIRE, linewidth=0))


def _towards(corner: Point, other: Point) -> Point:
    """The point CORNER away from `corner` on the way to `other`, at most halfway."""
    length = abs(other[0] - corner[0]) + abs(other[1] - corner[1])
    share = min(0.5, CORNER / length)
    return corner[0] + share * (other[0] - corner[0]), corner[1] + share * (other[1] - corner[1])


def _arrow_head(start: Point, tip: Point) -> list[Point]:
    """The triangle at the end of a horizontal or vertical line."""
    length, half = HEAD
    across, along = tip[0] - start[0], tip[1] - start[1]
    right, down = (across > 0) - (across < 0), (along > 0) - (along < 0)
    x, y = tip[0] - length * right, tip[1] - length * down
    return [tip, (x + half * down, y + half * right), (x - half * down, y - half * right)]


def _key(axes: Axes, key: Key) -> None:
    """One colour of the legend and what it stands for."""
    fill, border = PALETTE[key.kind]
    _rounded(axes, (key.x, key.y - 4.5), (SWATCH, 9), fill, border, radius=2)
    _text(axes, (key.x + SWATCH + 5, key.y), key.text, BODY)
