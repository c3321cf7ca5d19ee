"""A scaled family as a picture: its members by macs and params, in front of the families that were published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, islice, pairwise
from math import ceil, floor, inf, log10
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nas.files import write_bytes
from nas.report.figure import MUTED, RULE, picture_suffix, render
from nas.report.front import FOOT, FRONT, LEFT, RIGHT, SHAPES, TITLE, VISITED, dress, label, short, write_line
from nas.report.labels import LEADING, Rect, along, around, is_free, label_size, place, spots
from nas.report.picture.text import fitted, text_width, wrapped
from nas.report.plot import BODY, HEIGHT, LONGEST_LABEL, SMALL, WIDTH, Plot, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEAD, TINY, AIR = 36.0, 6.5, 0.05  # points for the title; font size of published networks; decades beside networks
ROOM = Rect(3, 3, WIDTH + RIGHT - 8, HEIGHT - 6)  # where labels may stand
ASIDE, GAP = 20.0, 30.0  # points from crowded markers to the column of their names; between ticks
TICKS = [*([1 + n / k for n in range(9 * k)] for k in (50, 10, 5, 2, 1)), [1.0, 1.5, 2, 3, 5, 7], [1.0, 2, 5], [1.0]]


@dataclass(frozen=True, slots=True)
class Member:
    """A network of a family and what it costs."""

    name: str
    macs: float
    params: float


Published = Mapping[str, Sequence[Member]] | tuple[()]


class Name(NamedTuple):
    """A label and the centre of its marker; the colour says whose it is, and names in VISITED are tiny."""

    anchor: tuple[float, float]
    text: str
    color: str
    size: tuple[float, float]


def draw_family(
    members: Sequence[Member], path: str | Path, *, title: str, published: Published = (), note: str = ""
) -> None:
    """Write `family_picture` to `path`, as SVG or PNG by its suffix."""
    suffix = picture_suffix(path)
    write_bytes(path, family_picture(members, suffix, title=title, published=published, note=note))


def family_picture(
    members: Sequence[Member], suffix: str, *, title: str, published: Published = (), note: str = ""
) -> bytes:
    """A picture of (macs, params) as the bytes of a file with that suffix.

    `members` are the scaled family; `published` are families by name, muted behind it; `note` stands under the plot.
    Networks whose macs or params are not finite and above 0 are left out.
    """
    notes = wrapped(note, WIDTH, SMALL)
    foot = FOOT + SMALL * LEADING * len(notes)
    width, height = LEFT + WIDTH + RIGHT, HEAD + HEIGHT + foot

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((LEFT / width, foot / height, WIDTH / width, HEIGHT / height))
        _paint(axes, Scene(members, dict(published)))
        write = partial(write_line, figure, width, height)
        write(LEFT, height - 20, fitted(title, WIDTH, TITLE, bold=True), TITLE, weight="bold")
        for row, line in enumerate(reversed(notes)):
            write(LEFT, 8 + SMALL * LEADING * row, line, SMALL, color=MUTED)

    return render(suffix, width, height, paint)


class Scene:
    """What is shown, and where: places are in points from the lower left corner of the axes."""

    def __init__(self, members: Sequence[Member], published: Mapping[str, Sequence[Member]]) -> None:
        everyone = members, *published.values()
        able = [[one for one in family if 0 < one.macs < inf and 0 < one.params < inf] for family in everyone]
        self.names, self.families = [*published], [sorted(f, key=lambda one: (one.macs, one.params)) for f in able]
        logs = {one: (log10(one.macs), log10(one.params)) for family in able for one in family}
        shown = [*logs.values()] or [(9.0, 7.0)]
        self.plot = Plot([Point(x + air, y + air) for x, y in shown for air in (-AIR, AIR)])  # in logarithms
        self.at = {one: self.plot.at(*costs) for one, costs in logs.items()}

    def labels(self) -> dict[Name, Rect]:
        """Where names stand; where members are crowded in a column, and networks only where there is room for them."""
        taken = [around(*marker, 6) for marker in self.at.values()]
        for start, end in (ends for family in self.families for ends in pairwise(family)):
            taken += along(self.at[start], around(*self.at[end], 0))
        members = [self._name(one, one.name, FRONT) for one in self.families[0]]
        labels, crowded = self._beside(members, taken), list[Name]()
        while missing := [name for name in members if name not in labels and name not in crowded]:
            crowded += missing
            labels = _column(crowded, taken)
            labels |= self._beside([name for name in members if name not in crowded], taken + _covered(labels))
        for family, name in zip(self.families[1:], self.names, strict=True):
            ends, busy = [self._name(one, name, MUTED) for one in family[-1:]], taken + _covered(labels)
            labels |= self._beside(ends, busy) or (_column(ends, busy) if ends else {})
        tiny = [self._name(one, one.name, VISITED) for family in self.families[1:] for one in family]
        return labels | self._beside(tiny, taken + _covered(labels))

    def _name(self, one: Member, text: str, color: str) -> Name:
        text = fitted(text, LONGEST_LABEL, BODY, bold=True)
        tiny = text_width(text, TINY), TINY * LEADING
        return Name(self.at[one], text, color, tiny if color == VISITED else label_size([text], BODY, SMALL))

    def _beside(self, names: Sequence[Name], taken: Sequence[Rect]) -> dict[Name, Rect]:
        """Places for those names that have room next to their marker, and nearer to no other."""
        found: dict[Name, Rect] = {}
        for name in names:
            busy, beside = [*taken, *found.values()], islice(spots(name.anchor, name.size, ROOM), 8)
            for spot in (spot for spot in beside if is_free(spot, ROOM, busy)):
                if spot.apart(*name.anchor) <= min(spot.apart(*marker) for marker in self.at.values()):
                    found.setdefault(name, spot)
        return found


def _column(crowded: Sequence[Name], taken: Sequence[Rect]) -> dict[Name, Rect]:
    """Places one above the other, left or right of all the markers, dealt out so that no lines to them cross."""
    names = sorted(crowded, key=lambda name: name.anchor[1])
    (xs, ys), middle = zip(*(name.anchor for name in names), strict=True), names[len(names) // 2].anchor
    width, height = max(name.size[0] for name in names), names[0].size[1]
    strip = Rect(min(xs) - ASIDE, 0, max(xs) - min(xs) + 2 * ASIDE, HEIGHT)
    ahead, behind = Rect(max(xs), max(ys), WIDTH, HEIGHT), Rect(min(xs) - WIDTH, min(ys) - HEIGHT, WIDTH, HEIGHT)
    guards = [strip, ahead, behind], [strip], list[Rect]()  # a family runs up to the right: its lines better do not
    blocks = (place([middle], [(width, height * len(names))], ROOM, [*taken, *guard])[0] for guard in guards)
    block = next(filter(None, blocks), None)
    rows = [Rect(block.x, block.y + height * row, width, height) for row in range(len(names))] if block else []
    for i, j in [*combinations(range(len(rows)), 2)] * 3:
        start, end, one, two = names[i].anchor, names[j].anchor, rows[i], rows[j]
        if one.apart(*end) + two.apart(*start) < one.apart(*start) + two.apart(*end):
            rows[i], rows[j] = two, one
    return dict(zip(names, rows, strict=False))


def _covered(labels: Mapping[Name, Rect]) -> list[Rect]:
    """What labels and the lines to them cover."""
    return [*labels.values(), *(rect for name, spot in labels.items() for rect in along(name.anchor, spot))]


def _paint(axes: Axes, scene: Scene) -> None:
    """Axes, families and labels."""
    dress(axes, scene.plot, "params (trainable)", "macs (multiply-adds of one image)")
    for axis, (low, high), length in ((axes.xaxis, scene.plot.x, WIDTH), (axes.yaxis, scene.plot.y, HEIGHT)):
        starts, gap = range(floor(low), ceil(high)), GAP * (high - low) / length
        rows = ([start + log10(first) for start in starts for first in firsts] for firsts in TICKS)
        shown = ([tick for tick in row if low <= tick <= high] for row in rows)
        ticks = next((row for row in shown if all(b - a >= gap for a, b in pairwise(row))), [])
        axis.set_ticks(ticks, labels=[short(10**tick) for tick in ticks])
    for number, family in enumerate(scene.families):
        costs = [log10(one.macs) for one in family], [log10(one.params) for one in family]
        shape, size, color = (SHAPES[number % len(SHAPES) - 1], 5, VISITED) if number else ("o", 8, FRONT)
        axes.plot(*costs, color=RULE if number else FRONT, linewidth=1.3 if number else 2.6, zorder=2 if number else 4)
        (dots,) = axes.plot(*costs, shape, color=color, markersize=size, zorder=3 if number else 4)
        dots.set(markeredgecolor="white", markeredgewidth=0.7)
    for name, spot in scene.labels().items():
        if name.color != VISITED:
            label(axes, name.anchor, [name.text], spot, name.color)
        else:
            x, y = (spot.x + spot.width / 2) / WIDTH, (spot.y + spot.height / 2) / HEIGHT
            axes.text(x, y, name.text, ha="center", va="center", size=TINY, color=MUTED, transform=axes.transAxes)
