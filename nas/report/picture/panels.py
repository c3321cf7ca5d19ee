"""From blocks to panels: the blocks of one stage below each other, under a head that says what the stage costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import NamedTuple

from nas.graph import Cost
from nas.report.picture.blocks import Block
from nas.report.picture.grid import arrange
from nas.report.picture.text import fitted, text_width
from nas.report.picture.wiring import Box, Drawn, Wire, draw_block, trunk_width
from nas.report.picture.words import map_words

TALLEST = 600.0  # blocks of one panel; a stage with more goes on in another panel
NARROWEST, NARROWEST_TRUNK, WIDEST_TITLE = 90.0, 64.0, 150.0
HEAD, FOOT = (
    66.0,
    10.0,
)  # above the blocks: title, shape, two bars, the wire that comes in; below: the one that goes out
DOORWAY = 8.0  # how far above the blocks the wire comes in
PAD, FRAME_PAD, CAPTION, BLOCK_GAP = 6.0, 6.0, 10.0, 8.0
TITLE, SUBTITLE, CAPTION_SIZE = 9.0, 7.5, 6.0  # font sizes


class Frame(NamedTuple):
    """The border of a numbered block; `times` is empty or "× 3"."""

    x: float
    y: float
    width: float
    height: float
    caption: str
    times: str


class Panel(NamedTuple):
    """A stage, or a piece of one: its title, the shape it puts out, and its shares (0 to 1) of the network."""

    x: float
    y: float
    width: float
    height: float
    title: str
    subtitle: str
    macs: float
    params: float


@dataclass(frozen=True, slots=True)
class Column:
    """A panel at (0, 0) with all that is in it. The wire from the panel before comes in at height `door` and runs to
    (`axis`, `top`); the wire to the next one leaves at (`axis`, `bottom`)."""

    panel: Panel
    frames: tuple[Frame, ...]
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    axis: float
    door: float
    top: float
    bottom: float
    entered: bool


def columns(found: Sequence[Block], total: Cost) -> list[Column]:
    """One column a stage, or several for a tall stage."""
    made = []
    for stage, members in groupby(found, key=lambda block: block.stage):
        together = list(members)
        trunk = max([NARROWEST_TRUNK, *(trunk_width(block, arrange(block)) for block in together)])
        pieces = list(_pieces([(block, draw_block(block, trunk)) for block in together]))
        for number, piece in enumerate(pieces, start=1):
            title = stage or "network"
            made.append(_column(title if len(pieces) == 1 else f"{title} · {number}/{len(pieces)}", piece, total))
    return made


Pieces = list[tuple[Block, Drawn]]


def _height(block: Block, drawn: Drawn) -> float:
    return drawn.height + (CAPTION + FRAME_PAD if block.numbers else 0.0)


def _pieces(blocks: Pieces) -> Iterator[Pieces]:
    """The blocks in equally tall pieces, none taller than TALLEST (unless one block is)."""
    heights = [_height(*one) + BLOCK_GAP for one in blocks]
    share = sum(heights) / -(-sum(heights) // TALLEST)
    piece: Pieces = []
    filled = 0.0
    for one, height in zip(blocks, heights, strict=True):
        if piece and (filled + height > TALLEST or filled + height / 2 > share):
            yield piece
            piece, filled = [], 0.0
        piece.append(one)
        filled += height
    yield piece


def _column(title: str, piece: Pieces, total: Cost) -> Column:
    """The panel of some blocks of one stage."""
    subtitle = fitted(map_words(_last_shape(piece[-1][0])), WIDEST_TITLE, SUBTITLE)
    inner = max(drawn.width for _, drawn in piece)
    title = fitted(title, WIDEST_TITLE, TITLE, bold=True)
    texts = max(text_width(title, TITLE, bold=True), text_width(subtitle, SUBTITLE)) + 2 * PAD
    width = max(NARROWEST, inner + 2 * (PAD + FRAME_PAD), texts)
    left = (width - inner) / 2
    axis = left + piece[0][1].axis
    steps = list(accumulate((_height(*one) + BLOCK_GAP for one in piece), initial=HEAD))
    tops = [y + (CAPTION if block.numbers else 0.0) for y, (block, _) in zip(steps, piece, strict=False)]
    ends = [top + drawn.height for top, (_, drawn) in zip(tops, piece, strict=True)]
    stacked = list(zip(tops, (drawn for _, drawn in piece), strict=True))
    frames = [
        _frame(block, drawn, left - FRAME_PAD, y, inner + 2 * FRAME_PAD)
        for y, (block, drawn) in zip(steps, piece, strict=False)
        if block.numbers
    ]
    joints = [
        Wire(((axis, end), (axis, top)), arrow=False)
        for end, top, (block, _) in zip(ends, tops[1:], piece[1:], strict=False)
        if block.entered
    ]
    macs, params = _shares([name for block, _ in piece for name in block.nodes], total)
    return Column(
        panel=Panel(0.0, 0.0, width, steps[-1] - BLOCK_GAP + FOOT, title, subtitle, macs, params),
        frames=tuple(frames),
        boxes=tuple(box._replace(x=box.x + left, y=box.y + top) for top, drawn in stacked for box in drawn.boxes),
        wires=(*(shifted(wire, left, top) for top, drawn in stacked for wire in drawn.wires), *joints),
        axis=axis,
        door=HEAD - DOORWAY,
        top=tops[0],
        bottom=ends[-1],
        entered=piece[0][0].entered,
    )


def shifted(wire: Wire, right: float, down: float) -> Wire:
    """The wire, moved."""
    return wire._replace(points=tuple((x + right, y + down) for x, y in wire.points))


def _frame(block: Block, drawn: Drawn, x: float, y: float, width: float) -> Frame:
    """The border around a block: "block 2" or "block 2–4"; the words keep clear of the wire that comes in."""
    room = FRAME_PAD + drawn.axis - 7
    shorter = (block.called, block.called.removeprefix("block "))
    caption = next((said for said in shorter if text_width(said, CAPTION_SIZE) <= room), "")
    times = f"× {len(block.numbers)}" if len(block.numbers) > 1 else ""
    return Frame(x, y, width, _height(block, drawn), caption, times)


def _last_shape(block: Block) -> tuple[int, ...]:
    """The shape of what a block hands on."""
    handed = [start for start, end in block.edges if end == block.exit]
    made = [place for place, part in enumerate(block.parts) if part.nodes]
    return block.parts[handed[0] if handed else made[-1]].shape


def _shares(names: Sequence[str], total: Cost) -> tuple[float, float]:
    """The nodes' shares of all macs and of all parameters."""
    macs = sum(total.by_node[name].macs for name in names)
    params = sum(total.by_node[name].params for name in names)
    return macs / max(1, total.macs), params / max(1, total.params)
