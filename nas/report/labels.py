"""Where labels go in a plot, so that no two of them overlap: as near to their points as there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil, dist
from typing import NamedTuple

import numpy as np

from nas.report.picture.text import text_width

LEADING = 1.35  # from line to line, in font sizes
OFFSETS = (7.0, 14.0, 24.0, 38.0, 56.0)  # from a point to its label, in points
STEP = 9.0  # of the search over the whole plot where there is no room nearby
GAP = 3.0  # between labels
CELL, DETOUR = 3.0, 30.0  # dots are counted in such squares; a label goes this much farther to lie on none
PER_DOT = 0.7  # what a label goes farther to lie on one less


class Rect(NamedTuple):
    """A rectangle in points; (x, y) is its lower left corner."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Rect) -> bool:
        """Whether the two share more than a border."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def holds(self, other: Rect) -> bool:
        """Whether `other` lies inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.height <= self.y + self.height
        )

    def apart(self, x: float, y: float) -> float:
        """The distance from (x, y)."""
        across = max(self.x - x, 0.0, x - self.x - self.width)
        along = max(self.y - y, 0.0, y - self.y - self.height)
        return float((across**2 + along**2) ** 0.5)


def around(x: float, y: float, reach: float) -> Rect:
    """The square of what is within `reach` of (x, y)."""
    return Rect(x - reach, y - reach, 2 * reach, 2 * reach)


def along(start: tuple[float, float], to: Rect) -> list[Rect]:
    """Squares that cover the straight line to a rectangle."""
    x, y = start
    u, v = min(max(x, to.x), to.x + to.width), min(max(y, to.y), to.y + to.height)
    steps = ceil(dist(start, (u, v)) / 5)
    return [around(x + (u - x) * step / steps, y + (v - y) * step / steps, 2.5) for step in range(steps)]


def label_size(lines: Sequence[str], first: float, rest: float) -> tuple[float, float]:
    """Width and height in points of a label whose first line is bold, and larger than the rest."""
    widths = [text_width(lines[0], first, bold=True), *(text_width(line, rest) for line in lines[1:])]
    return max(widths) + 4, first * LEADING * len(lines) + 2


def place(
    anchors: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    area: Rect,
    taken: Sequence[Rect],
    dots: Sequence[tuple[float, float]] = (),
) -> list[Rect | None]:
    """For each anchor a rectangle of its size inside `area`, clear of `taken` and of each other; None without room.

    They are near their anchors and on few of the `dots`; lines to them run through no other, where that can be had.
    """
    busy, crowd = list(taken), _counter(dots, area)
    found: list[Rect | None] = []
    for anchor, size in zip(anchors, sizes, strict=True):
        others = [around(*other, 4) for other in anchors if other != anchor]
        others += [rect for rect in found if rect is not None]
        ways = [(rect.apart(*anchor) + min(DETOUR, PER_DOT * crowd(rect)), rect) for rect in spots(anchor, size, area)]
        tries = [rect for _, rect in sorted(ways, key=lambda way: way[0])]
        free, straight = (rect for rect in tries if is_free(rect, area, busy)), None
        spot = first = next(free, None)
        if first is not None and not _is_clear(along(anchor, first), others):
            straight = next((rect for rect in free if _is_clear(along(anchor, rect), others)), None)
            spot = straight or first
        found.append(spot)
        if spot is not None:
            busy += [
                Rect(spot.x - GAP, spot.y - GAP, spot.width + 2 * GAP, spot.height + 2 * GAP),
                *along(anchor, spot),
            ]
    return found


def _is_clear(line: Sequence[Rect], others: Sequence[Rect]) -> bool:
    return not any(square.overlaps(other) for square in line for other in others)


def _counter(dots: Sequence[tuple[float, float]], area: Rect) -> Callable[[Rect], int]:
    """How many of `dots` lie in a rectangle inside `area`, nearly."""
    shape = int(area.width // CELL) + 2, int(area.height // CELL) + 2

    def cell(x: float, y: float) -> tuple[int, int]:
        column, row = int((x - area.x) // CELL), int((y - area.y) // CELL)
        return min(max(column, -1), shape[0] - 2) + 1, min(max(row, -1), shape[1] - 2) + 1

    cells = np.zeros(shape, int)
    for dot in dots:
        if area.holds(around(*dot, 0)):
            cells[cell(*dot)] += 1
    sums = cells.cumsum(0).cumsum(1)  # of all cells to the left and below

    def count(rect: Rect) -> int:
        (left, low), (right, high) = cell(rect.x - CELL, rect.y - CELL), cell(rect.x + rect.width, rect.y + rect.height)
        return int(sums[right, high] - sums[left, high] - sums[right, low] + sums[left, low])

    return count


def is_free(rect: Rect, area: Rect, busy: Sequence[Rect]) -> bool:
    """Whether `rect` lies in `area` and on none of `busy`."""
    return area.holds(rect) and not any(rect.overlaps(other) for other in busy)


def spots(anchor: tuple[float, float], size: tuple[float, float], area: Rect) -> Iterator[Rect]:
    """Rectangles to try: beside and around the anchor, farther and farther; then anywhere, the nearest first."""
    (x, y), (width, height) = anchor, size
    for offset in OFFSETS:
        left, right, low, high = x - offset - width, x + offset, y - offset - height, y + offset
        yield Rect(right, y - height / 2, width, height)
        yield Rect(left, y - height / 2, width, height)
        for corner in (
            (x - width / 2, high),
            (x - width / 2, low),
            (right, high),
            (right, low),
            (left, high),
            (left, low),
        ):
            yield Rect(*corner, width, height)
    columns, rows = int(area.width // STEP), int(area.height // STEP)
    anywhere = [Rect(area.x + STEP * i, area.y + STEP * j, width, height) for i in range(columns) for j in range(rows)]
    yield from sorted(anywhere, key=lambda rect: (rect.apart(x, y), rect))
