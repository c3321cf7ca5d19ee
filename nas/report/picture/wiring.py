"""From a grid to points: boxes with a size and a place, and wires as polylines. Units are points, y runs down."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from nas.report.picture.blocks import ENTRY, Block
from nas.report.picture.grid import Grid, arrange
from nas.report.picture.parts import Part
from nas.report.picture.text import fitted, text_width

LABEL, DETAIL = 7.5, 6.0  # font sizes
PLAIN, DETAILED, SMALL, ROUND = 16.0, 24.0, 14.0, 13.0  # heights of boxes
WIDEST = 190.0  # of a box; longer labels are cut
SLIM = ("gate", "link")  # kinds whose boxes are only as wide as their label
LANE_GAP, WIRE_LANE = 6.0, 7.0
TRACK, LEAD, ARROW = 4.0, 4.5, 8.5  # between parallel wires; above the first; below the last, for the arrow head
PORT = 7.0  # between wires that enter one box

Point = tuple[float, float]


class Box(NamedTuple):
    """A part in its place; (x, y) is the upper left corner."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str
    detail: str
    round: bool

    @property
    def middle(self) -> Point:
        """The centre."""
        return self.x + self.width / 2, self.y + self.height / 2


class Wire(NamedTuple):
    """A line through `points`; `arrow` says whether it ends in an arrow head."""

    points: tuple[Point, ...]
    arrow: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """A block in points. Wires from above come in at (`axis`, 0), the wire to below goes out at (`axis`, `height`)."""

    width: float
    height: float
    axis: float
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]


def size(part: Part) -> tuple[float, float]:
    """Width and height that a part needs in its lane; a join's small print stands on its left."""
    if part.round:
        return ROUND + (2 * text_width(part.detail, DETAIL) + 8 if part.detail else 0), ROUND
    width = max(text_width(part.label, LABEL, bold=True), text_width(part.detail, DETAIL)) + 9
    if part.kind in SLIM:
        return max(width, 18.0), DETAILED if part.detail else SMALL
    return min(width, WIDEST), DETAILED if part.detail else PLAIN


def trunk_width(block: Block, grid: Grid) -> float:
    """Width of the widest box in lane 0."""
    return max((size(part)[0] for place, part in enumerate(block.parts) if grid.lane[place] == 0), default=0.0)


def draw_block(block: Block, trunk: float = 0.0) -> Drawn:
    """The block in points, with lane 0 at least `trunk` wide."""
    return _Wirer(block, arrange(block), trunk).drawn()


class _Wirer:
    """The working state of one block: where lanes and rows lie, and which wire has which track in each gap."""

    def __init__(self, block: Block, grid: Grid, trunk: float) -> None:
        self.block, self.grid = block, grid
        self.sizes = [size(part) for part in block.parts]
        self._lay_lanes(trunk)
        self.ports = self._ports()
        self.tracks = self._tracks()
        self._lay_rows()
        self.boxes = [self._box(place) for place in range(block.exit)]

    def _lay_lanes(self, trunk: float) -> None:
        """Widths and centres of the lanes."""
        self.lane_width = [WIRE_LANE] * self.grid.lanes
        self.lane_width[0] = trunk
        for place, (width, _) in enumerate(self.sizes):
            lane = self.grid.lane[place]
            self.lane_width[lane] = max(self.lane_width[lane], width)
        left, self.center = 0.0, list[float]()
        for width in self.lane_width:
            self.center.append(left + width / 2)
            left += width + LANE_GAP
        self.width = left - LANE_GAP

    def _arrival(self, index: int) -> float:
        """x at which edge `index` comes down to its end."""
        return self.center[self.grid.passes[index]]

    def _ports(self) -> list[float]:
        """x at which each edge enters its end: the middle when it comes from straight above, else beside it."""
        ports = [self.center[self.grid.lane[end]] for _, end in self.block.edges]
        entering: dict[int, list[int]] = defaultdict(list)
        for index, (_, end) in enumerate(self.block.edges):
            if end != self.block.exit and not self.grid.beside[index]:
                entering[end].append(index)
        for end, indices in entering.items():
            self._spread(end, indices, ports)
        return ports

    def _spread(self, end: int, indices: list[int], ports: list[float]) -> None:
        """Give the edges `indices`, which enter the box of `end` from above, each its own x."""
        middle = self.center[self.grid.lane[end]]
        overhead = self.grid.owners.get((self.grid.lane[end], self.grid.row[end] - 1))
        straight = [index for index in indices if self._arrival(index) == middle][:1]
        if not straight and len(indices) == 1 and overhead is None:
            straight = indices
        rest = sorted((index for index in indices if index not in straight), key=self._arrival)
        left = [index for index in rest if self._arrival(index) < middle][::-1]
        right = [index for index in rest if self._arrival(index) >= middle]
        for sign, side in ((-1, left), (1, right)):
            step = min(PORT, (self._box_width(end) / 2 - 1.5) / max(1, len(side)))
            for number, index in enumerate(side, start=1):
                ports[index] = middle + sign * number * step

    def _spans(self) -> dict[int, dict[int, tuple[float, float]]]:
        """For each gap (above the row of that number) the x span of each wire that runs sideways in it."""
        spans: dict[int, dict[int, tuple[float, float]]] = defaultdict(dict)
        for index, (start, end) in enumerate(self.block.edges):
            down = self._arrival(index)
            turns = [(self.grid.row[start] + 1, self.center[self.grid.lane[start]], down)]
            if not self.grid.beside[index]:
                turns.append((self.grid.row[end], down, self.ports[index]))
            for gap, *ends in turns:
                if ends[0] != ends[1]:
                    low, high = spans[gap].get(start, (min(ends), max(ends)))
                    spans[gap][start] = min(low, *ends), max(high, *ends)
        return spans

    def _tracks(self) -> dict[int, dict[int, int]]:
        """For each gap the track of each wire: wires on one track never touch, and short ones run on top."""
        tracks: dict[int, dict[int, int]] = {}
        for gap, spans in self._spans().items():
            tracks[gap], taken = {}, list[list[tuple[float, float]]]()
            for wire, span in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[0])):
                free = (all(span[1] + 2 < low or high + 2 < span[0] for low, high in others) for others in taken)
                track = next((number for number, is_free in enumerate(free) if is_free), len(taken))
                taken[track : track + 1] = [[*taken[track], span] if track < len(taken) else [span]]
                tracks[gap][wire] = track
        return tracks

    def _lay_rows(self) -> None:
        """Tops and heights of the rows; gaps are as high as their tracks need."""
        heights = [0.0] * (self.grid.rows + 1)
        for place, (_, height) in enumerate(self.sizes):
            row = self.grid.row[place]
            heights[row] = max(heights[row], height)
        feeds_below = any(end == self.block.exit for _, end in self.block.edges)
        y, self.top, self.bottom = 0.0, [0.0], [0.0]
        for row in range(1, self.grid.rows + 1):
            is_open = (
                1 < row < self.grid.rows or (row == 1 and self.block.entered) or (row == self.grid.rows and feeds_below)
            )
            lines = 1 + max(self.tracks.get(row, {}).values(), default=-1)
            y += LEAD + TRACK * max(0, lines - 1) + ARROW * (row < self.grid.rows) if is_open else 0.0
            self.top.append(y)
            y += heights[row]
            self.bottom.append(y)
        self.height = y

    def _box(self, place: int) -> Box:
        part, width, height = self.block.parts[place], self._box_width(place), self.sizes[place][1]
        lane, row = self.grid.lane[place], self.grid.row[place]
        y = (self.top[row] + self.bottom[row] - height) / 2
        label, detail = fitted(part.label, width - 4, LABEL, bold=True), part.detail
        if not part.round:
            detail = fitted(detail, width - 4, DETAIL)
        return Box(self.center[lane] - width / 2, y, width, height, part.kind, label, detail, part.round)

    def _box_width(self, place: int) -> float:
        """Circles and small boxes have their own width, all others that of their lane."""
        part = self.block.parts[place]
        if part.round:
            return ROUND
        return self.sizes[place][0] if part.kind in SLIM else self.lane_width[self.grid.lane[place]]

    def _track_y(self, gap: int, wire: int) -> float:
        return self.bottom[gap - 1] + LEAD + TRACK * self.tracks.get(gap, {}).get(wire, 0)

    def _wire(self, index: int) -> Wire:
        """The line of one edge: down, along its track, down its lane, along another track, down into the box."""
        start, end = self.block.edges[index]
        down, port = self._arrival(index), self.ports[index]
        x = self.center[self.grid.lane[start]]
        y = 0.0 if start == ENTRY else self.boxes[start].y + self.boxes[start].height
        first = self._track_y(self.grid.row[start] + 1, start)
        points = [(x, y), (x, first), (down, first)]
        if self.grid.beside[index]:
            box = self.boxes[end]
            points += [(down, box.middle[1]), (box.x + box.width, box.middle[1])]
        else:
            last = self._track_y(self.grid.row[end], start)
            points += [(down, last), (port, last), (port, self._roof(end, port))]
        return Wire(_straightened(points), arrow=end != self.block.exit)

    def _roof(self, end: int, x: float) -> float:
        """y at which a wire that comes down at `x` meets its end."""
        if end == self.block.exit:
            return self.height
        box = self.boxes[end]
        radius = box.height / 2
        return box.y + (radius - sqrt(radius**2 - (x - box.middle[0]) ** 2) if box.round else 0.0)

    def drawn(self) -> Drawn:
        """The result."""
        wires = tuple(self._wire(index) for index in range(len(self.block.edges)))
        return Drawn(self.width, self.height, self.center[0], tuple(self.boxes), wires)


def _straightened(points: list[Point]) -> tuple[Point, ...]:
    """The polyline without points that repeat or lie on the straight line between their neighbours."""
    kept: list[Point] = []
    for x, y in points:
        if len(kept) > 1 and (kept[-2][0] == kept[-1][0] == x or kept[-2][1] == kept[-1][1] == y):
            kept.pop()
        if not kept or kept[-1] != (x, y):
            kept.append((x, y))
    return tuple(kept)
