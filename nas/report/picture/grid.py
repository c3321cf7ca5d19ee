"""From a block to a grid: the row of each part, its lane, and the lane in which each edge passes rows on its way.

Row 0 is the wire from the block above, the last row the wire to the block below. Lane 0 is the trunk:
the longest path through the block, and above a concat the path to its first input. Branches stand in its order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from nas.report.picture.blocks import ENTRY, Block

Cell = tuple[int, int]  # (lane, row)
Edge = tuple[int, int]  # (from, to): places in a block

UNREACHED = -(10**6)  # depth of what is not fed from above
BOX = -2  # owner of a cell that a box fills; any other owner is the place whose wire passes through


@dataclass(frozen=True, slots=True)
class Grid:
    """Where everything stands. `passes` and `beside` run parallel to the block's edges: the lane in which an edge
    passes the rows between its ends, and whether it enters a round join from the right instead of from above."""

    row: dict[int, int]
    lane: dict[int, int]
    rows: int
    passes: tuple[int, ...]
    beside: tuple[bool, ...]
    owners: dict[Cell, int]

    @property
    def lanes(self) -> int:
        """How many lanes there are."""
        return 1 + max([0, *(lane for lane, _ in self.owners)])


def arrange(block: Block) -> Grid:
    """The grid of a block."""
    sources: dict[int, list[int]] = defaultdict(list)
    readers: dict[int, list[int]] = defaultdict(list)
    for start, end in block.edges:
        sources[end].append(start)
        readers[start].append(end)
    ordered = {place for place, part in enumerate(block.parts) if part.label.startswith("concat")}
    # From the box at the end of a branch the wire runs straight down; from a round join it may go round others.
    straight = {place for place, part in enumerate(block.parts) if not part.round and set(readers[place]) <= ordered}
    row = _rows(block.exit, sources, readers)
    lane, owners = _lanes(block.exit, row, _depths(block.exit, sources), sources, readers, ordered, straight)
    return _routed(block, row, lane, owners)


def _rows(exit_: int, sources: dict[int, list[int]], readers: dict[int, list[int]]) -> dict[int, int]:
    """The row of each place: one below the lowest of its sources; what has no source stands just above its reader."""
    row = {ENTRY: 0}
    for place in range(exit_):
        row[place] = 1 + max((row[source] for source in sources[place]), default=0)
    for place in reversed(range(exit_)):
        if not sources[place] and readers[place]:
            lowest = min((row[reader] for reader in readers[place] if reader != exit_), default=2)
            row[place] = max(1, lowest - 1)
    row[exit_] = 1 + max(row.values())
    return row


def _depths(exit_: int, sources: dict[int, list[int]]) -> dict[int, int]:
    """How many parts a tensor has passed since the wire from above; far below 0 for what that wire does not reach."""
    depth = {ENTRY: 0}
    for place in range(exit_):
        depth[place] = 1 + max((depth[source] for source in sources[place]), default=UNREACHED)
    return depth


def _lanes(
    exit_: int,
    row: dict[int, int],
    depth: dict[int, int],
    sources: dict[int, list[int]],
    readers: dict[int, list[int]],
    ordered: set[int],
    straight: set[int],
) -> tuple[dict[int, int], dict[Cell, int]]:
    """The lane of each place, and who owns which cell: chains of parts stand in one lane, the longest in lane 0."""
    lane = {ENTRY: 0, exit_: 0}
    order = _Order(row, depth, sources, readers, ordered)
    trunk = order.chain(sources[exit_][0] if sources[exit_] else order.last(range(exit_)), lane)
    owners: dict[Cell, int] = {(0, step): ENTRY for step in range(row[trunk[-1]])}
    owners |= {(0, step): trunk[0] for step in range(row[trunk[0]] + 1, row[exit_] + 1)}
    _stand(trunk, 0, row, lane, owners)
    while waiting := [place for place in range(exit_) if place not in lane]:
        chain = order.chain(order.last(waiting), lane)
        above = max((row[source] for source in sources[chain[-1]]), default=row[chain[-1]] - 1)
        below = max((row[reader] for reader in readers[chain[0]]), default=row[chain[0]] + 1)
        span = range(above + 1, below)
        free = next(number for number in range(1, len(row) + 1) if all((number, step) not in owners for step in span))
        _stand(chain, free, row, lane, owners)
        if chain[0] in straight:
            owners |= {(free, step): chain[0] for step in range(row[chain[0]] + 1, below)}
    return lane, owners


@dataclass(frozen=True, slots=True)
class _Order:
    """Which parts get a lane first. `ordered` are the places whose sources stand from left to right (a concat's)."""

    row: dict[int, int]
    depth: dict[int, int]
    sources: dict[int, list[int]]
    readers: dict[int, list[int]]
    ordered: set[int]

    def chain(self, end: int, placed: dict[int, int]) -> list[int]:
        """From `end` upwards, each time through the deepest source, as far as parts have no lane yet."""
        chain = [end]
        while above := [source for source in self.sources[chain[-1]] if source not in placed]:
            first = [source for source in above if self.depth[source] > 0][:1] if chain[-1] in self.ordered else []
            chain.append(max(first or above, key=lambda source: (self.depth[source], -source)))
        return chain

    def last(self, places: Iterable[int]) -> int:
        """The place that feeds the lowest of `ordered`, else the lowest; of several the first to be read."""
        return max(places, key=self._rank)

    def _rank(self, place: int) -> tuple[int, int, int]:
        fed = [reader for reader in self.readers[place] if reader in self.ordered]
        if not fed:
            return self.row[place], 0, -place
        reader = max(fed, key=lambda reader: self.row[reader])
        return self.row[reader] - 1, -self.sources[reader].index(place), -place


def _stand(chain: list[int], number: int, row: dict[int, int], lane: dict[int, int], owners: dict[Cell, int]) -> None:
    """Put a chain (from its end upwards) into lane `number`; between two of its parts the lane is its wire's."""
    for place in chain:
        lane[place] = number
        owners[number, row[place]] = BOX
    for below, above in pairwise(chain):
        owners |= {(number, step): above for step in range(row[above] + 1, row[below])}


def _routed(block: Block, row: dict[int, int], lane: dict[int, int], owners: dict[Cell, int]) -> Grid:
    """The grid with a lane for each edge. Wires of round joins choose first, then short ones: they run closest."""
    boxes = 1 + max(lane.values())
    passes, beside = [0] * len(block.edges), [False] * len(block.edges)
    entered: set[int] = set()
    joins = {place for place, part in enumerate(block.parts) if part.round}
    order = sorted((end not in joins, row[end] - row[start], i) for i, (start, end) in enumerate(block.edges))
    for *_, index in order:
        start, end = block.edges[index]
        span = range(row[start] + 1, row[end])
        passes[index] = _passage(span, start, (lane[start], lane[end]), boxes, owners) if span else lane[start]
        owners |= {(passes[index], step): start for step in span}
        across = [(number, row[end]) for number in range(lane[end] + 1, passes[index] + 1)]
        if end in joins - entered and across and all(owners.get(cell, start) == start for cell in across):
            beside[index] = True
            entered.add(end)
            owners |= dict.fromkeys(across, start)
    return Grid(row, lane, row[block.exit], tuple(passes), tuple(beside), owners)


def _passage(span: range, start: int, liked: tuple[int, int], boxes: int, owners: dict[Cell, int]) -> int:
    """The first lane that is free in all rows of `span`, or already carries the wire of `start` there.

    In the gaps where the wire turns into the lane and out of it, nothing else may come out of or go into it.
    """

    def is_free(number: int) -> bool:
        above, below = owners.get((number, span[0] - 1), start), owners.get((number, span[-1] + 1), start)
        turns = (above == start or number == liked[0]) and below in (start, BOX)
        return turns and all(owners.get((number, step), start) == start for step in span)

    among = sorted(range(1, boxes), key=lambda number: abs(number - liked[1]))
    lanes: list[int] = [*liked, *among, *range(boxes, boxes + len(owners) + 1)]
    return next(number for number in lanes if is_free(number))
