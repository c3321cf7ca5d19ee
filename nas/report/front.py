"""A search as a picture: what it visited, the best score at each cost, the winner, and what to compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import cycle
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.files import write_bytes
from nas.report.figure import INK, MUTED, RULE, picture_suffix, render
from nas.report.labels import LEADING, Rect
from nas.report.picture.text import fitted, wrapped
from nas.report.plot import BODY, HEIGHT, SMALL, WIDTH, Baseline, Cap, Plot, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Baseline", "Cap", "Point", "draw_front", "front_picture"]

LEFT, RIGHT, HEAD, FOOT = 62.0, 20.0, 48.0, 44.0  # margins of the axes in points; HEAD holds title and legend
TITLE = 13.0  # font size
MANY = 4000  # more visited points than this are one bitmap in an SVG
DOTTED = 60  # a front of more steps has no markers
FAR = 10.0  # a label farther from its marker than this gets a line to it

# Okabe–Ito colours, told apart by colour-blind people, and by shape as well
VISITED, FRONT, WINNER, BASELINE = "#8a97a6", "#0072b2", "#d55e00", "#007a5a"
STAR, SHAPES = "*", "sD^vPXphd<>"  # the marker of the winner; those of the baselines, in turn
BASELINES, MEANT = "baselines", 2  # what the legend calls them, and how many of their shapes it shows


def draw_front(points: Sequence[Point], path: str | Path, **marks: Any) -> None:
    """Write `front_picture` with these `marks` to `path`, as SVG or PNG by its suffix."""
    write_bytes(path, front_picture(points, picture_suffix(path), **marks))


def front_picture(
    points: Sequence[Point],
    suffix: str,
    *,
    title: str,
    score_label: str,
    cost_label: str,
    highlighted: Point | None = None,
    baselines: Sequence[Baseline] = (),
    caps: Sequence[Cap] = (),
    note: str = "",
) -> bytes:
    """A scatter picture of (cost, score) as the bytes of a file with that suffix.

    `points` are faint, with their Pareto front over them; `highlighted` is the winner, with its interval;
    `caps` are dashed lines; `note` stands under the plot. Points that are not finite are left out.
    """
    plot = Plot(points, highlighted, baselines, [cap for cap in caps if isfinite(cap.cost)])
    notes = [*_below(plot), *wrapped(note, WIDTH, SMALL)]
    head = HEAD + SMALL * LEADING * (1 + max((row for _, row, _ in plot.cap_names), default=-1))
    foot = FOOT + SMALL * LEADING * len(notes)
    width, height = LEFT + WIDTH + RIGHT, head + HEIGHT + foot

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((LEFT / width, foot / height, WIDTH / width, HEIGHT / height))
        dress(axes, plot, score_label, cost_label)
        _visited(axes, plot)
        _marked(axes, plot)
        write = partial(write_line, figure, width, height)
        write(LEFT, height - 20, fitted(title, WIDTH, TITLE, bold=True), TITLE, weight="bold")
        for x, row, name in plot.cap_names:
            write(LEFT + x, foot + HEIGHT + 4 + SMALL * LEADING * row, name, SMALL)
        for row, line in enumerate(reversed(notes)):
            write(LEFT, 8 + SMALL * LEADING * row, line, SMALL, color=MUTED)
        _legend(figure, axes, (LEFT / width, 1 - 27 / height))

    return render(suffix, width, height, paint)


def _below(plot: Plot) -> list[str]:
    """What to tell of the networks that lie below the picture."""
    if not (count := len(plot.points) - len(plot.shown)):
        return []
    lowest = min(point.score for point in plot.points)
    some = f"{count:,} of the {len(plot.points):,} networks visited"
    return [f"{some} lie below this picture, with scores down to {lowest:.2f}."]


def write_line(
    figure: Figure,
    width: float,
    height: float,
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    color: str = INK,
    weight: str = "normal",
) -> None:
    """A line of text whose baseline begins at (x, y), in points."""
    figure.text(x / width, y / height, text, size=size, color=color, weight=weight)


def dress(axes: Axes, plot: Plot, score_label: str, cost_label: str) -> None:
    """Limits, grid, ticks and axis labels."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    if plot.is_log:
        axes.set_xscale("log")
    axes.set(xlim=(10 ** plot.x[0], 10 ** plot.x[1]) if plot.is_log else plot.x, ylim=plot.y)
    axes.set_xlabel(fitted(cost_label, WIDTH, BODY), size=BODY, color=INK)
    axes.set_ylabel(fitted(score_label, HEIGHT, BODY), size=BODY, color=INK)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda cost, _: short(cost)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, color="#e6eaef", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", labelsize=SMALL, labelcolor=INK, color=RULE)
    for side, spine in axes.spines.items():
        spine.set(color=RULE, visible=side in ("left", "bottom"))


def short(amount: float) -> str:
    """A tick of the cost axis: 386M."""
    for unit, scale in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if abs(amount) >= scale:
            return f"{amount / scale:.4g}{unit}"
    return f"{amount:.4g}"


def _visited(axes: Axes, plot: Plot) -> None:
    """All points faint, the front as steps, and the caps."""
    costs, scores = _columns(plot.shown)
    cloud = axes.scatter(costs, scores, s=9, color=VISITED, alpha=0.45, linewidths=0, zorder=2)
    cloud.set(label=f"visited ({len(plot.points):,})" if plot.points else "", rasterized=len(costs) > MANY)
    if plot.steps:
        (steps,) = axes.step(*zip(*plot.steps, strict=True), where="post", color=FRONT, linewidth=1.4, zorder=3)
        steps.set_label("best score up to that cost")
    costs, scores = _columns([point for point in plot.front if point.score >= plot.y[0]])
    if len(costs) <= DOTTED:
        (dots,) = axes.plot(costs, scores, "o", color=FRONT, markersize=4, zorder=3)
        dots.set(markeredgecolor="white", markeredgewidth=0.5)
    for number, cap in enumerate(plot.caps):
        line = axes.axvline(cap.cost, color=MUTED, linewidth=0.9, dashes=(4, 3), zorder=1)
        line.set_label("" if number else "budget")


def _columns(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [point.cost for point in points], [point.score for point in points]


def _marked(axes: Axes, plot: Plot) -> None:
    """The winner and the baselines: interval, marker and label."""
    from matplotlib.patheffects import withStroke

    shapes = cycle(SHAPES)
    for point, lines, spot in zip(plot.marked, plot.labels, plot.label_places, strict=True):
        wins = point is plot.winner
        color, shape, size = (WINNER, STAR, 13.0) if wins else (BASELINE, next(shapes), 6.0)
        if point.interval:
            (bar,) = axes.plot((point.cost, point.cost), point.interval, marker="_", color=color, zorder=4)
            bar.set(linewidth=1.3, markersize=7, path_effects=[withStroke(linewidth=4, foreground="white")])
        (marker,) = axes.plot(point.cost, point.score, shape, color=color, markersize=size, zorder=4 + 0.2 * wins)
        marker.set(markeredgecolor="white", markeredgewidth=0.7, label="winner" if wins else BASELINES)
        if spot is not None:
            label(axes, plot.at(point.cost, point.score), lines, spot, color)


def label(axes: Axes, anchor: tuple[float, float], lines: Sequence[str], spot: Rect, color: str) -> None:
    """A label in its place, on the side of its marker, with a thin line where it is not next to it."""
    x, y = anchor
    if spot.apart(x, y) > FAR:
        end = min(max(x, spot.x), spot.x + spot.width), min(max(y, spot.y), spot.y + spot.height)
        line = (x / WIDTH, end[0] / WIDTH), (y / HEIGHT, end[1] / HEIGHT)
        axes.plot(*line, color=color, linewidth=0.7, transform=axes.transAxes, zorder=3.5)
    is_left = spot.x + spot.width / 2 < x
    side = spot.x + (spot.width - 2 if is_left else 2)
    back = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
    for row, text in enumerate(lines):
        middle = spot.y + spot.height - 1 - BODY * LEADING * (row + 0.5)
        written = axes.text(side / WIDTH, middle / HEIGHT, text, transform=axes.transAxes, zorder=5, bbox=back)
        written.set(ha="right" if is_left else "left", va="center", size=SMALL if row else BODY)
        written.set(color=INK if row else color, weight="normal" if row else "bold")


def _legend(figure: Figure, axes: Axes, corner: tuple[float, float]) -> None:
    """What the markers mean, in one line that begins at `corner`."""
    from matplotlib.legend_handler import HandlerTuple

    meant: dict[str, list[Any]] = {}
    for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
        meant.setdefault(name, []).append(handle)
    style: dict[str, Any] = {"frameon": False, "fontsize": SMALL, "borderpad": 0, "borderaxespad": 0}
    style |= {"handletextpad": 0.5, "columnspacing": 1.6, "ncols": len(meant)}
    style["handler_map"] = {tuple: HandlerTuple(ndivide=None)}
    shown: list[Any] = [tuple(handles[:MEANT]) for handles in meant.values()]
    legend = figure.legend(shown, list(meant), loc="upper left", bbox_to_anchor=corner, **style)
    for text in legend.get_texts():
        text.set_color(INK)
