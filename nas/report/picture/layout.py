"""The whole picture in plain numbers: a header, a panel a stage from left to right, wires between them, a legend.

Units are points (1/72 inch), y runs down.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from nas.budget import human
from nas.graph import Cost, Graph, cost
from nas.report.picture.blocks import Block, blocks
from nas.report.picture.once import drawn_once
from nas.report.picture.panels import Column, Frame, Panel, columns, shifted
from nas.report.picture.text import fitted, text_width, wrapped
from nas.report.picture.wiring import Box, Wire
from nas.report.picture.words import KINDS, dims

PAGE = 1236.0  # widest row of panels (2640 pixels at 150 dpi), unless one panel alone is wider
NARROWEST = 430.0
MOST_BOXES = 1500  # the boxes after these are left out, and the header says so
MARGIN, GUTTER, ROW_GAP = 16.0, 14.0, 24.0
TITLE, BODY, SMALL = 14.0, 8.0, 7.0  # font sizes
SWATCH = 16.0  # width of a colour in the legend
LEADING = 1.5  # from line to line, in font sizes

# What a box may say -> what it means; the note under the legend tells what occurs.
SIGNS = {
    r"\d×\d+ .*· \d": "3×3 · 96: kernel and output channels",
    r" dw": "dw: depthwise",
    r" g\d": "g: groups",
    r"^sep \d": "sep: depthwise, then 1×1",
    r"\d std\b": "std: standardised filters",
    r"↓\d": "↓2: stride 2",
    r" d\d": "d: dilation",
    r"\bBN\b": "BN: batch norm",
    r"^ from .*: \d": "from concat · 96: what stands behind that in the other block",
    r"× \d\S*: \d": "× 2: with twice the channels",
    r"^SE": "SE 8: squeeze-excite through 8 channels",
    r"^× \d": "× n: the block stands there n times in a row",
}


class Line(NamedTuple):
    """A line of text; (x, y) is its left end, halfway up."""

    x: float
    y: float
    text: str
    size: float
    bold: bool


class Key(NamedTuple):
    """An entry of the legend: (x, y) is the left end of the colour, halfway up."""

    x: float
    y: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture, ready to be painted."""

    width: float
    height: float
    lines: tuple[Line, ...]
    panels: tuple[Panel, ...]
    frames: tuple[Frame, ...]
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    keys: tuple[Key, ...]


def lay_out(graph: Graph, title: str = "") -> Layout:
    """The picture of a graph in points; `title` stands for the graph's own name."""
    total, found = cost(graph), drawn_once(blocks(graph))
    shown = _first(found)
    made = columns(shown, total)
    rows = _rows([column.panel.width for column in made])
    widest = max(sum(made[i].panel.width for i in row) + GUTTER * (len(row) - 1) for row in rows)
    width = max(NARROWEST, widest + 2 * MARGIN)
    header, y = _header(title or graph.name or "network", _facts(graph, total, found, shown), width)
    corners, y = _corners(made, rows, y)
    placed = [_moved(column, *corner) for column, corner in zip(made, corners, strict=True)]
    boxes = tuple(box for column in placed for box in column.boxes)
    frames = tuple(frame for column in placed for frame in column.frames)
    keys, y = _keys({box.kind for box in boxes}, width, y + 12)
    notes, y = _text(_notes(boxes, frames), MARGIN, y, width, SMALL)
    return Layout(
        width=width,
        height=y + MARGIN / 2,
        lines=(*header, *notes),
        panels=tuple(column.panel for column in placed),
        frames=frames,
        boxes=boxes,
        wires=(*(wire for column in placed for wire in column.wires), *_between(placed, rows)),
        keys=keys,
    )


def _first(found: Sequence[Block]) -> list[Block]:
    """The first blocks, as many as have MOST_BOXES boxes together (at least one)."""
    counts = accumulate(len(block.parts) for block in found)
    return [block for block, count in zip(found, counts, strict=True) if count <= MOST_BOXES] or list(found[:1])


def _facts(graph: Graph, total: Cost, found: Sequence[Block], shown: Sequence[Block]) -> str:
    """The line under the title."""
    facts = [
        f"input {dims(total.input_shape)}",
        f"{total.params:,} params",
        f"{human(total.macs, 'macs')} (multiply-adds of one image)",
        f"{len(graph.nodes):,} nodes",
    ]
    if total.uncounted:
        facts.append(f"macs of {len(total.uncounted):,} nodes not counted")
    if len(shown) < len(found):
        facts.append(f"the first {len(shown):,} of {len(found):,} blocks are drawn")
    return " · ".join(facts)


def _header(title: str, facts: str, width: float) -> tuple[list[Line], float]:
    """Title and facts, and the y below them."""
    heading = Line(MARGIN, MARGIN + TITLE / 2, fitted(title, width - 2 * MARGIN, TITLE, bold=True), TITLE, True)
    lines, y = _text(facts, MARGIN, MARGIN + TITLE + 4, width, BODY)
    return [heading, *lines], y + 8


def _text(text: str, x: float, y: float, width: float, size: float) -> tuple[list[Line], float]:
    """`text` in lines from (x, y) down, and the y below them."""
    rows = wrapped(text, width - x - MARGIN, size)
    lines = [Line(x, y + size * (LEADING * number + 0.75), row, size, False) for number, row in enumerate(rows)]
    return lines, y + size * LEADING * len(rows)


def _rows(widths: Sequence[float]) -> list[list[int]]:
    """The panels in as few rows as the page allows, then about equally wide ones."""
    low, high = max(widths), max(PAGE, *widths)
    fewest = len(_filled(widths, high))
    for _ in range(16):
        limit = (low + high) / 2
        low, high = (low, limit) if len(_filled(widths, limit)) == fewest else (limit, high)
    return _filled(widths, high)


def _filled(widths: Sequence[float], limit: float) -> list[list[int]]:
    """Rows filled from the left, none wider than `limit`."""
    rows: list[list[int]] = [[]]
    used = 0.0
    for index, width in enumerate(widths):
        if rows[-1] and used + GUTTER + width > limit:
            rows.append([])
        used = used + GUTTER + width if rows[-1] else width
        rows[-1].append(index)
    return rows


def _corners(
    made: Sequence[Column], rows: Sequence[Sequence[int]], y: float
) -> tuple[list[tuple[float, float]], float]:
    """The upper left corner of each panel, and the y below the last row."""
    corners = []
    for row in rows:
        x = MARGIN
        for index in row:
            corners.append((x, y))
            x += made[index].panel.width + GUTTER
        y += max(made[index].panel.height for index in row) + ROW_GAP
    return corners, y - ROW_GAP


def _moved(column: Column, x: float, y: float) -> Column:
    """The column with its upper left corner at (x, y)."""
    return Column(
        panel=column.panel._replace(x=x, y=y),
        frames=tuple(frame._replace(x=frame.x + x, y=frame.y + y) for frame in column.frames),
        boxes=tuple(box._replace(x=box.x + x, y=box.y + y) for box in column.boxes),
        wires=tuple(shifted(wire, x, y) for wire in column.wires),
        axis=column.axis + x,
        door=column.door + y,
        top=column.top + y,
        bottom=column.bottom + y,
        entered=column.entered,
    )


def _between(placed: Sequence[Column], rows: Sequence[Sequence[int]]) -> list[Wire]:
    """The wires from panel to panel: up the gutter, or through the gap between two rows and along the left margin."""
    wires = []
    first_of_row = {row[0] for row in rows}
    for number, (one, two) in enumerate(pairwise(placed), start=1):
        if not two.entered:
            continue
        low = one.panel.y + one.panel.height - 5
        x = one.panel.x + one.panel.width + GUTTER / 2
        if number in first_of_row:
            low, x = two.panel.y - ROW_GAP / 2, MARGIN / 2
        points = ((one.axis, one.bottom), (one.axis, low), (x, low), (x, two.door), (two.axis, two.door))
        wires.append(Wire((*points, (two.axis, two.top)), arrow=False))
    return wires


def _keys(kinds: set[str], width: float, y: float) -> tuple[tuple[Key, ...], float]:
    """The legend of the `kinds` that occur, and the y below it."""
    keys, x, y = list[Key](), MARGIN, y + BODY
    for kind, text in KINDS.items():
        if kind in kinds:
            needed = SWATCH + 5 + text_width(text, BODY) + 14
            if x + needed > width and x > MARGIN:
                x, y = MARGIN, y + 2 * BODY
            keys.append(Key(x, y, kind, text))
            x += needed
    return tuple(keys), y + 1.5 * BODY


def _notes(boxes: Sequence[Box], frames: Sequence[Frame]) -> str:
    """What the signs that occur mean."""
    said = "\n".join([f"{box.label}\n {box.detail}" for box in boxes] + [frame.times for frame in frames])
    occurring = [text for sign, text in SIGNS.items() if re.search(sign, said, re.MULTILINE)]
    return " · ".join([*occurring, "bars: share of the whole network"])
