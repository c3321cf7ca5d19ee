"""Draw docs/pictures/rules.png: B0 scaled by each rule, φ from 0 to 4, what it costs.

python docs/pictures/rules.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import scaling
from nas import zoo
from nas.graph import Cost, cost
from nas.lowering import lower
from nas.report.figure import INK, MUTED, RULE, render

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PHIS = range(5)
# Okabe–Ito colours; every rule has a marker of its own as well.
RULES = {
    "resolution": ("#7a6a00", "^"),
    "depth": ("#a34a80", "s"),
    "efficientnet": ("#0072b2", "o"),
    "fast": ("#d55e00", "D"),
    "width": ("#007a5a", "v"),
}
COUNTS = {"activations": (5e6, 160e6, (5, 10, 20, 50, 100)), "params": (4e6, 120e6, (5, 10, 20, 50, 100))}
WIDTH, HEIGHT = 660.0, 350.0  # of the picture, in points


def costs() -> dict[str, list[Cost]]:
    """B0 at each φ of each rule."""
    base = zoo.architecture("efficientnet_b0")
    return {rule: [cost(lower(scaling.scale(base, phi, rule=rule))) for phi in PHIS] for rule in RULES}


def paint(figure: Figure) -> None:
    """Two panels: activations and params against macs."""
    found = costs()
    for number, metric in enumerate(COUNTS):
        axes = figure.add_axes((0.075 + 0.5 * number, 0.13, 0.395, 0.68))
        panel(axes, metric, found)
    figure.text(0.075, 0.93, "B0 by each rule, φ = 0, 1, 2, 3, 4", size=13, weight="bold", color=INK)
    handles, names = axes.get_legend_handles_labels()
    figure.legend(
        handles, names, loc="upper left", bbox_to_anchor=(0.07, 0.905), ncols=len(RULES), frameon=False, fontsize=8.5,
        labelcolor=INK, borderpad=0, columnspacing=1.8,
    )  # fmt: skip


def panel(axes: Axes, metric: str, found: dict[str, list[Cost]]) -> None:
    """One count against macs, on log axes."""
    low, high, ticks = COUNTS[metric]
    axes.set(xscale="log", yscale="log", xlim=(330e6, 9e9), ylim=(low, high))
    axes.set_title(metric, size=9.5, color=INK, loc="left")
    axes.set_xlabel("macs (multiply-adds of one image)", size=8.5, color=INK)
    axes.set_xticks([500e6, 1e9, 2e9, 5e9], labels=["500M", "1G", "2G", "5G"])
    axes.set_yticks([tick * 1e6 for tick in ticks], labels=[f"{tick}M" for tick in ticks])
    axes.minorticks_off()
    axes.grid(visible=True, color="#e6eaef", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=7.5, labelcolor=MUTED, color=RULE)
    for side, spine in axes.spines.items():
        spine.set(color=RULE, visible=side in ("left", "bottom"))
    for rule, (color, shape) in RULES.items():
        points = [total.macs for total in found[rule]], [getattr(total, metric) for total in found[rule]]
        (line,) = axes.plot(*points, color=color, marker=shape, markersize=6, linewidth=1.6, label=rule)
        line.set(markeredgecolor="white", markeredgewidth=0.7)


if __name__ == "__main__":
    Path(__file__).with_suffix(".png").write_bytes(render(".png", WIDTH, HEIGHT, paint))
