"""A check of an evaluator as a picture: scores against labels, and how well they rank at a fixed budget."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nas.files import write_bytes
from nas.quality import Check
from nas.report.figure import INK, MUTED, RULE, picture_suffix, render
from nas.report.front import write_line
from nas.report.labels import LEADING
from nas.report.picture.text import fitted, wrapped
from nas.report.plot import BODY, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 700.0, 300.0  # of what is drawn, in points
LEFT, RIGHT, HEAD, FOOT, GAP, RANKS = 58.0, 18.0, 44.0, 46.0, 104.0, 250.0  # RANKS: the width of the right plot
TITLE = 13.0

# Okabe–Ito colours, and shapes that tell the same without them
BANDS = (("o", "#0072b2"), ("^", "#d55e00"), ("s", "#007a5a"), ("D", "#cc79a7"), ("v", "#b58900"))
GREY = "#5f6b7a"
BASELINES = {"params": ("s", GREY), "macs": ("^", GREY), "activations": ("v", GREY), "depth": ("D", GREY)}
OTHER = "#b8c0cb"
EVALUATOR = "#d55e00"


def draw_check(check: Check, path: str | Path) -> None:
    """Write the picture of a check to `path`, as SVG or PNG by its suffix."""
    suffix = picture_suffix(path)
    told = check.quality
    notes = wrapped(f"{told['verdict']}: {told['why']}", WIDTH - LEFT, BODY)
    foot = FOOT + BODY * LEADING * len(notes)
    width, height = LEFT + WIDTH + RIGHT, HEAD + HEIGHT + foot
    left = WIDTH - RANKS - GAP

    def paint(figure: Figure) -> None:
        cloud = figure.add_axes((LEFT / width, foot / height, left / width, HEIGHT / height))
        ranks = figure.add_axes(((LEFT + left + GAP) / width, foot / height, RANKS / width, HEIGHT / height))
        _cloud(cloud, check)
        _ranks(ranks, told)
        write = partial(write_line, figure, width, height)
        title = f"{check.about.name} on {told['n']:,} networks of {check.labels.space.name}"
        write(LEFT, height - 20, fitted(title, WIDTH, TITLE, bold=True), TITLE, weight="bold")
        for row, line in enumerate(reversed(notes)):
            write(LEFT, 8 + BODY * LEADING * row, line, BODY, color=INK)
        _legend(figure, ranks, ((LEFT + WIDTH) / width, 1 - 26 / height))

    write_bytes(path, render(suffix, width, height, paint))


def _cloud(axes: Axes, check: Check) -> None:
    """Labels against scores; a shape and a colour for each band."""
    labels, told = check.labels, check.quality
    macs = labels.space.costs(labels.genomes, ("macs",))["macs"]
    axes.scatter(check.scores, labels.values, s=8, color=OTHER, linewidths=0, zorder=2)
    for band, (shape, color) in zip(told["bands"], cycle(BANDS), strict=False):
        rows = np.flatnonzero((band["low_macs"] <= macs) & (macs <= band["high_macs"]))
        axes.scatter(check.scores[rows], labels.values[rows], s=16, marker=shape, color=color, linewidths=0, zorder=3)
    _dress(axes, fitted(f"score: {check.about.unit}", WIDTH - RANKS - GAP, BODY), labels.column)


def _ranks(axes: Axes, told: Mapping[str, Any]) -> None:
    """Spearman with its interval and those of the baselines: over all, in each band, and their median."""
    bands = zip(told["bands"], cycle(BANDS), strict=False)
    lines = [
        ("all", told, None),
        *((f"{band['low_macs'] / 1e6:.3g} to {band['high_macs'] / 1e6:.3g}M macs", band, mark) for band, mark in bands),
    ]
    if told["in_band"]:
        lines.append(("median of bands", told["in_band"], None))
    for row, (_, figures, mark) in enumerate(lines):
        for name, (shape, color) in BASELINES.items():
            if (found := figures["baselines"].get(name)) is not None:
                value = found if isinstance(found, float) else found["spearman"]
                (dot,) = axes.plot(value, row, shape, markersize=5.5, color="white", markeredgecolor=color, zorder=3)
                dot.set_label(name if not row else "")
        low, high = figures["spearman_interval"]
        axes.plot((low, high), (row, row), color=INK, linewidth=1.6, zorder=4, solid_capstyle="butt")
        shape, color = mark or ("o", INK)
        (dot,) = axes.plot(
            figures["spearman"], row, shape, markersize=7, color=color, markeredgecolor="white", zorder=5
        )
        dot.set_label("" if row else "evaluator, 90 % interval")
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    if told["in_band"]:
        axes.axhline(len(lines) - 1.5, color=RULE, linewidth=0.7)
    axes.set(xlim=(-1.05, 1.05), ylim=(len(lines) - 0.5, -0.5), yticks=range(len(lines)))
    _dress(axes, "Spearman with the labels", "")
    axes.set_yticklabels([f"{name}\nn = {figures['n']}" if "n" in figures else name for name, figures, _ in lines])


def _dress(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, size=BODY, color=INK)
    axes.set_ylabel(fitted(y, HEIGHT, BODY), size=BODY, color=INK)
    axes.grid(visible=True, color="#e6eaef", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.xaxis.get_offset_text().set_fontsize(SMALL)
    axes.tick_params(which="both", labelsize=SMALL, labelcolor=INK, color=RULE)
    for side, spine in axes.spines.items():
        spine.set(color=RULE, visible=side in ("left", "bottom"))


def _legend(figure: Figure, axes: Axes, corner: tuple[float, float]) -> None:
    """What the shapes mean, in one line that ends at `corner`."""
    handles, names = axes.get_legend_handles_labels()
    style: dict[str, Any] = {"frameon": False, "fontsize": SMALL, "borderpad": 0, "borderaxespad": 0}
    style |= {"handletextpad": 0.3, "columnspacing": 1.2, "ncols": len(names)}
    legend = figure.legend(handles[::-1], names[::-1], loc="upper right", bbox_to_anchor=corner, **style)
    for text in legend.get_texts():
        text.set_color(INK)
