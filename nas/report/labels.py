"""Where labels go in a plot, so that no two of them overlap: as near to their points as there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nas.report.picture.text import text_width

LEADING = 1.35  # from line to line, in font sizes
OFFSETS = (7.0, 14.0, 24.0, 38.0, 56.0)  # from a point to its label, in points
STEP = 9.0  # of the search over the whole plot where there is no room nearby


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


def label_size(lines: Sequence[str], first: float, rest: float) -> tuple[float, float]:
    """Width and height in points of a label whose first line is bold, and larger than the rest."""
    widths = [text_width(lines[0], first, bold=True), *(text_width(line, rest) for line in lines[1:])]
    return max(widths) + 4, first * LEADING * len(lines) + 2


def place(
    anchors: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], area: Rect, taken: Sequence[Rect]
) -> list[Rect | None]:
    """For each anchor a rectangle of its size inside `area`, clear of `taken` and of each other; None without room."""
    busy = list(taken)
    found: list[Rect | None] = []
    for anchor, size in zip(anchors, sizes, strict=True):
        spot = next((rect for rect in _spots(anchor, size, area) if _is_free(rect, area, busy)), None)
        found.append(spot)
        if spot is not None:
            busy.append(spot)
    return found


def _is_free(rect: Rect, area: Rect, busy: Sequence[Rect]) -> bool:
    return area.holds(rect) and not any(rect.overlaps(other) for other in busy)


def _spots(anchor: tuple[float, float], size: tuple[float, float], area: Rect) -> Iterator[Rect]:
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
