"""A space as numbers: a chain of links, in which an option costs what its block costs behind the state before it.

A link is a choice of resolution, a stage, or the head. A state is all that a later link needs to know of
the earlier ones: the width and size of the map. Costs come from lowering and costing each distinct block
once; there is no second formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.errors import SpaceError
from nas.graph import Graph, Shape, cost
from nas.graph.storage import BYTES
from nas.lowering import lower_block, lower_edge, lower_head, lower_stem, recipe
from nas.space.spelling import Spelling

ADDITIVE = ("macs", "params", "activations", "latency")

MOST_CELLS = 200_000  # options × states, all stages together: half a minute; the largest built-in space has 12,312
MOST_COST = 2**60  # of one network, so that sums of costs stay far from the end of int64
KEPT_GRAPHS = 4096


class State(NamedTuple):
    """The map between two links. `ended` says that a left-out stage was the last: its equals may not follow."""

    channels: int
    size: int
    ended: bool = False


class Priced(NamedTuple):
    """The cost of a part of a network, and the map behind it."""

    macs: int
    params: int
    activations: int
    peak: int
    channels: int
    size: int
    latency: int = 0  # ns; without a clock 0

    def then(self, part: Priced, times: int = 1) -> Priced:
        """This part and the next one behind it, `times` over."""
        return Priced(
            macs=self.macs + times * part.macs,
            params=self.params + times * part.params,
            activations=self.activations + times * part.activations,
            peak=max(self.peak, part.peak),
            channels=part.channels,
            size=part.size,
            latency=self.latency + times * part.latency,
        )


class Clock(Protocol):
    """What a block takes on a device: a latency table."""

    @property
    def offset(self) -> int:
        """What every network takes beside its blocks, in ns."""

    def price(self, graph: Graph, shape: Shape) -> int:
        """What a block adds to a network for one image of `shape`, in ns."""


@dataclass(frozen=True)
class Link:
    """Costs of each option behind each state; arrays are (states, options).

    `next` numbers the state behind the option; `allowed` is False where another genome spells the same network.
    `latency` is there in a chain with a clock.
    """

    allowed: NDArray[np.bool_]
    next: NDArray[np.intp]
    macs: NDArray[np.int64]
    params: NDArray[np.int64]
    activations: NDArray[np.int64]
    peak: NDArray[np.int64]
    latency: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))


class Pricer:
    """Lowers and costs the parts of a network, each distinct one once; with a `clock` it also times them."""

    def __init__(self, base: Architecture, num_classes: int, in_chans: int, clock: Clock | None = None) -> None:
        self._base, self._num_classes, self._in_chans, self._clock = base, num_classes, in_chans, clock
        self.block = lru_cache(maxsize=None)(self._block)
        self.edge = lru_cache(maxsize=None)(self._edge)
        self._alone = lru_cache(maxsize=None)(lambda row: row.model_copy(update={"repeats": 1, "stride": 1}))
        self._graph = lru_cache(maxsize=KEPT_GRAPHS)(self._lowered)

    def stem(self, resolution: int) -> Priced:
        """The stem at a resolution."""
        build = recipe(self._base, (self._in_chans, resolution, resolution))
        stem = self._priced(build.graph([lower_stem(self._base, build, build.input)]), build.input.shape)
        return stem if self._clock is None else stem._replace(latency=stem.latency + self._clock.offset)

    def head(self, state: State) -> Priced:
        """The head behind a map."""
        build = recipe(self._base, (state.channels, state.size, state.size))
        head = build.graph([lower_head(self._base, build, build.input, self._num_classes)])
        return self._priced(head, build.input.shape)

    def stage(self, row: Stage, state: State) -> Priced:
        """All blocks of a stage behind a map, with what stands before and behind them."""
        one = self._alone(row)
        begun = self.edge(one, "begin", row.stride, state.channels, state.size)
        channels, size = (begun.channels, begun.size) if begun else (state.channels, state.size)
        total = self.block(one, row.stride, channels, size)
        total = begun.then(total) if begun else total
        if row.repeats > 1:
            total = total.then(self.block(one, 1, total.channels, total.size), row.repeats - 1)
        ended = self.edge(one, "end", row.stride, total.channels, total.size)
        return total.then(ended) if ended else total

    def _block(self, row: Stage, stride: int, channels: int, size: int) -> Priced:
        return self._priced(self._graph(row, stride, channels), (channels, size, size))

    def _edge(self, row: Stage, edge: Literal["begin", "end"], stride: int, channels: int, size: int) -> Priced | None:
        """What a stage has before its first block or behind its last; None where that is nothing."""
        if getattr(type(row), edge) is getattr(Stage, edge):
            return None
        build = recipe(self._base, (channels, size, size))
        out = lower_edge(row.model_copy(update={"stride": stride}), build, build.input, 1, edge)
        return None if out == build.input else self._priced(build.graph([out]), build.input.shape)

    def _lowered(self, row: Stage, stride: int, channels: int) -> Graph:
        """One block: its graph is the same for every size of the map."""
        build = recipe(self._base, (channels, 1, 1))
        return build.graph([lower_block(row.model_copy(update={"stride": stride}), build, build.input, 1, 0)])

    def _priced(self, graph: Graph, shape: Shape) -> Priced:
        total = cost(graph, shape)
        channels, *size = total.output_shapes[0]
        costs = (total.macs, total.params, total.activations, total.peak_memory_bytes)
        latency = 0 if self._clock is None else self._clock.price(graph, shape)
        return Priced(*costs, channels, size[0] if size else 1, latency)


def check_cells(
    base: Architecture, resolutions: Sequence[int], stages: Sequence[Sequence[Stage | None]], repeated: Sequence[bool]
) -> None:
    """SpaceError where the cost tables would be too large to fill."""
    states = {State(base.stem.channels, base.stem.reduced(size)) for size in resolutions}
    cells = 0
    for number, (rows, again) in enumerate(zip(stages, repeated, strict=True), start=1):
        cells += len(rows) * len(states)
        if cells > MOST_CELLS:
            raise SpaceError(
                f"the cost tables up to stage {number} ({len(rows):,} options × {len(states):,} maps before it) have "
                f"{cells:,} cells, more than {MOST_CELLS:,}; give fewer resolutions, widths or choices in a stage"
            )
        moves = {(row.channels, row.stride): row for row in rows if row is not None}
        behind = {State(row.channels, row.reduced(state.size)) for state in states for row in moves.values()}
        states = behind | {s._replace(ended=again) for s in states} if None in rows else behind


def chain(
    base: Architecture,
    resolutions: Sequence[int],
    stages: Sequence[Sequence[Stage | None]],
    repeated: Sequence[bool],
    spelling: Spelling,
    *,
    num_classes: int,
    in_chans: int,
    clock: Clock | None = None,
) -> list[Link]:
    """The links of a space: resolutions, stages, head.

    `stages` lists the distinct rows of each stage (None: left out); `repeated[i]` says that stage i+1 has
    the rows of stage i, so that leaving out one or the other is the same network.
    """
    check_cells(base, resolutions, stages, repeated)
    price = Pricer(base, num_classes, in_chans, clock)
    states = [State(0, 0)]
    links: list[Link] = []
    most = 0

    def step(price_of: Callable[[State, int], tuple[Priced, bool, bool]], options: int) -> None:
        nonlocal states, most
        number: dict[State, int] = {}
        table: list[list[tuple[int, ...]]] = []
        for state in states:
            table.append([])
            for option in range(options):
                priced, allowed, ended = price_of(state, option)
                behind = number.setdefault(State(priced.channels, priced.size, ended), len(number))
                table[-1].append((allowed, behind, *priced[:4], priced.latency))
        most += max(max(cell[2:]) for row in table for cell in row)
        if most > MOST_COST:
            where = f"stage {len(links)}" if 0 < len(links) <= len(stages) else "the head" if links else "the stem"
            raise SpaceError(
                f"up to {where} a network of this table may cost {most:.1e} (macs, params or bytes), more than the "
                f"{MOST_COST:.1e} that is counted; give smaller channels, kernels or resolutions"
            )
        cells = np.array(table, dtype=np.int64).transpose(2, 0, 1)
        links.append(Link(cells[0].astype(bool), cells[1].astype(np.intp), *map(np.ascontiguousarray, cells[2:])))
        states = list(number)

    step(lambda state, option: (price.stem(resolutions[option]), True, False), len(resolutions))
    for stage, (rows, again) in enumerate(zip(stages, repeated, strict=True)):

        def stage_price(
            state: State, option: int, stage: int = stage, rows: Sequence[Stage | None] = rows, again: bool = again
        ) -> tuple[Priced, bool, bool]:
            if (row := rows[option]) is None:
                map_bytes = BYTES * state.channels * state.size**2
                return Priced(0, 0, 0, map_bytes, state.channels, state.size), True, again
            spelled = spelling.first(stage, state.channels)[option] == option
            return price.stage(row, state), spelled and not state.ended, False

        step(stage_price, len(rows))
    step(lambda state, option: (price.head(state), True, False), 1)
    return links
