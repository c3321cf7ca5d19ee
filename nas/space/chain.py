"""A space as numbers: a chain of links, in which an option costs what its block costs behind the state before it.

A link is a choice of resolution, a stage, or the head. A state is all that a later link needs to know of
the earlier ones: the width and size of the map. Costs come from lowering and costing each distinct block
once; there is no second formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.graph import Cost, Value, cost
from nas.graph.storage import BYTES
from nas.lowering import lower_block, lower_head, lower_stem, recipe

ADDITIVE = ("macs", "params", "activations")


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


@dataclass(frozen=True)
class Link:
    """Costs of each option behind each state; arrays are (states, options).

    `next` numbers the state behind the option; `allowed` is False where another genome spells the same network.
    """

    allowed: NDArray[np.bool_]
    next: NDArray[np.intp]
    macs: NDArray[np.int64]
    params: NDArray[np.int64]
    activations: NDArray[np.int64]
    peak: NDArray[np.int64]


class Pricer:
    """Lowers and costs the parts of a network, each distinct one once."""

    def __init__(self, base: Architecture, num_classes: int, in_chans: int) -> None:
        self._base, self._num_classes, self._in_chans = base, num_classes, in_chans
        self.block = lru_cache(maxsize=None)(self._block)

    def stem(self, resolution: int) -> Priced:
        """The stem at a resolution."""
        build = recipe(self._base, (self._in_chans, resolution, resolution))
        out = lower_stem(self._base, build, build.input)
        return _priced(cost(build.graph([out])), out)

    def head(self, state: State) -> Priced:
        """The head behind a map."""
        build = recipe(self._base, (state.channels, state.size, state.size))
        out = lower_head(self._base, build, build.input, self._num_classes)
        return _priced(cost(build.graph([out])), out)

    def stage(self, row: Stage, state: State) -> Priced:
        """All blocks of a stage behind a map."""
        one = row.model_copy(update={"repeats": 1})
        first = self.block(one, row.stride, state.channels, state.size)
        if row.repeats == 1:
            return first
        rest, n = self.block(one, 1, first.channels, first.size), row.repeats - 1
        return Priced(
            macs=first.macs + n * rest.macs,
            params=first.params + n * rest.params,
            activations=first.activations + n * rest.activations,
            peak=max(first.peak, rest.peak),
            channels=rest.channels,
            size=rest.size,
        )

    def _block(self, row: Stage, stride: int, channels: int, size: int) -> Priced:
        build = recipe(self._base, (channels, size, size))
        out = lower_block(row.model_copy(update={"stride": stride}), build, build.input, 1, 0)
        return _priced(cost(build.graph([out])), out)


def _priced(total: Cost, out: Value) -> Priced:
    size = out.shape[1] if len(out.shape) == 3 else 1
    return Priced(total.macs, total.params, total.activations, total.peak_memory_bytes, out.channels, size)


def chain(
    base: Architecture,
    resolutions: Sequence[int],
    stages: Sequence[Sequence[Stage | None]],
    repeated: Sequence[bool],
    *,
    num_classes: int,
    in_chans: int,
) -> list[Link]:
    """The links of a space: resolutions, stages, head.

    `stages` lists the distinct rows of each stage (None: left out); `repeated[i]` says that stage i+1 has
    the table of stage i, so that leaving out one or the other is the same network.
    """
    price = Pricer(base, num_classes, in_chans)
    states = [State(0, 0)]
    links = []

    def step(price_of: Callable[[State, int], tuple[Priced, bool, bool]], options: int) -> None:
        nonlocal states
        number: dict[State, int] = {}
        table = np.zeros((6, len(states), options), dtype=np.int64)
        for i, state in enumerate(states):
            for option in range(options):
                priced, allowed, ended = price_of(state, option)
                behind = number.setdefault(State(priced.channels, priced.size, ended), len(number))
                table[:, i, option] = allowed, behind, *priced[:4]
        links.append(Link(table[0].astype(bool), table[1].astype(np.intp), *table[2:]))
        states = list(number)

    step(lambda state, option: (price.stem(resolutions[option]), True, False), len(resolutions))
    for rows, again in zip(stages, repeated, strict=True):

        def stage_price(
            state: State, option: int, rows: Sequence[Stage | None] = rows, again: bool = again
        ) -> tuple[Priced, bool, bool]:
            if (row := rows[option]) is None:
                map_bytes = BYTES * state.channels * state.size**2
                return Priced(0, 0, 0, map_bytes, state.channels, state.size), True, again
            return price.stage(row, state), not state.ended, False

        step(stage_price, len(rows))
    step(lambda state, option: (price.head(state), True, False), 1)
    return links
