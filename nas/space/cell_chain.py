"""Cells as numbers: two links a block, its inputs and its ops, in which an option costs what its ops cost.

What a block's op costs depends on the op, on the kind of cell and on which of the cell's inputs it reads, if it reads
one, but not on which of the earlier blocks. What a cell's output costs those that read it depends on how many states
nothing in the cell reads, since those are joined. So a state between two blocks is the set of states read so far, and
the two kinds of cells add up: neither has to know of the other.

Blocks stand in the order of what they read, the later of their two states first; to hold that order a state also has
the last block's inputs. Which order of blocks that read the same two states spells a cell (`nas.space.cell_order`), the
links do not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.cells import INPUTS
from nas.errors import SpaceError
from nas.space.cell_count import size
from nas.space.cell_order import Cells, joining, spelled
from nas.space.cell_prices import CellPrices, Costs
from nas.space.chain import ADDITIVE, MOST_CELLS, MOST_COST, Link

LOST = -1  # in place of a pair: the blocks so far are out of order, and only their cost is told

Pair = tuple[int, int]


class Reads(NamedTuple):
    """A state of the chain: all states read so far (a bit each), the classes of the block's two, and its pair."""

    read: int
    classes: Pair
    equal: bool
    pair: int


@dataclass(frozen=True)
class CellShape:
    """One kind of cell as the space sees it.

    `always` are the states that are joined even when a block reads them. States of one class cost an op the same:
    `inputs` are the classes of the cell's two inputs, blocks are of class 0.
    """

    blocks: int
    ops: tuple[str, ...]
    always: tuple[int, ...] = ()
    inputs: Pair = (0, 0)

    def pairs(self, block: int) -> tuple[Pair, ...]:
        """What a block (from 0) may read: pairs of states, in the order that blocks stand in."""
        return tuple((left, right) for right in range(INPUTS + block) for left in range(right + 1))

    @cached_property
    def op_pairs(self) -> NDArray[np.intp]:
        """Every two ops, as the options of a block number them: (options, 2)."""
        return np.indices((len(self.ops),) * 2).reshape(2, -1).T

    def joined(self, read: set[int] | frozenset[int]) -> tuple[int, ...]:
        """The states that the cell's output joins, in order, when its blocks read these."""
        return tuple(s for s in range(INPUTS + self.blocks) if s in self.always or s not in read)

    def reads(self, before: int, block: int, pair: int) -> Reads:
        """The state of the chain behind a block's inputs."""
        left, right = self.pairs(block)[pair]
        first, second = ((self.inputs[state] if state < INPUTS else 0) for state in (left, right))
        kept = sum(1 << state for state in {left, right} if state not in self.always)
        return Reads(before | kept, (first, second), left == right, LOST if block == self.blocks - 1 else pair)

    @property
    def widths(self) -> range:
        """How many states the cell's output may join."""
        least = len({INPUTS + self.blocks - 1, *self.always})  # each block reads the one before it
        return range(least, INPUTS + self.blocks + any(state < INPUTS for state in self.always))  # all read one input

    @property
    def size(self) -> int:
        """How many cells there are."""
        return size(self.blocks, len(self.ops), self.always)

    @cached_property
    def _states(self) -> NDArray[np.intp]:
        """The pairs of states by number: (pairs, 2)."""
        return np.array(self.pairs(self.blocks - 1))

    def told(self, codes: NDArray[np.intp]) -> Cells:
        """The cells of these options of blocks (n, 2 × blocks), joining what they should as their blocks stand."""
        return joining(self._states[codes[:, ::2]], self.op_pairs[codes[:, 1::2]], self.always)

    def canonical(self, codes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The spellings of cells, from any order of their blocks: both (n, 2 × blocks).

        Where no cell of the shape joins what these join as told, that gives way to the order.
        """
        pairs, (left, right), (first, second) = codes[:, ::2], self._states.T, self.op_pairs.T
        turned = (left == right)[pairs] & (first > second)[codes[:, 1::2]]  # one state, and its two ops out of order
        others = np.flatnonzero((pairs[:, 1:] <= pairs[:, :-1]).any(axis=1) | turned.any(axis=1))
        canonical = codes.copy()  # the rest, whose blocks all read different states, has no other telling
        for always in (self.always, None):
            found, least = spelled(self.told(codes[others]), len(self.ops), always)
            canonical[others[found]] = least
            others = np.delete(others, found)
        return canonical


def cell_links(shape: CellShape, prices: CellPrices | None = None) -> list[Link]:
    """The links of one kind of cell; without prices the costs are 0."""
    links: list[Link] = []
    before = {(0, 0): 0}  # (states read, last pair) -> number
    for block in range(shape.blocks):
        link, behind = _inputs(shape, block, before)
        links.append(link)
        link, before = _ops(shape, prices, behind, last=block == shape.blocks - 1)
        links.append(link)
        if (cells := sum(one.next.size for one in links)) > MOST_CELLS:
            raise SpaceError(
                f"the cost tables up to block {block + 1} of a cell have {cells:,} cells, more than {MOST_CELLS:,}; "
                "give fewer blocks or ops"
            )
    return links


def _inputs(shape: CellShape, block: int, before: dict[Pair, int]) -> tuple[Link, list[Reads]]:
    """The link of what a block reads; blocks out of order go on in any state that costs the same."""
    pairs = range(len(shape.pairs(block)))
    table = [[shape.reads(read, block, pair) for pair in pairs] for read, _ in before]
    allowed = np.array([[LOST < last <= pair for pair in pairs] for _, last in before])
    behind: dict[Reads, int] = {}
    alike: dict[tuple[int, Pair, bool], int] = {}
    following = np.empty(allowed.shape, dtype=np.intp)
    for row, column in [*np.argwhere(allowed), *np.argwhere(~allowed)]:
        reads = table[row][column]
        if not allowed[row, column]:
            reads = reads._replace(pair=LOST)
        number = behind.get(reads) if allowed[row, column] else alike.get(reads[:3])
        if number is None:
            number = behind[reads] = len(behind)
        alike.setdefault(reads[:3], number)
        following[row, column] = number
    return _link(allowed, following, np.zeros((*following.shape, len(ADDITIVE)), dtype=np.int64)), list(behind)


def _ops(
    shape: CellShape, prices: CellPrices | None, states: Sequence[Reads], *, last: bool
) -> tuple[Link, dict[Pair, int]]:
    """The link of a block's two ops; that of the last block also pays for what the cell joins."""
    behind: dict[Pair, int] = {}
    for state in states:
        behind.setdefault((state.read, state.pair), len(behind))
    first, second = shape.op_pairs.T
    allowed = np.array([(first <= second) | (not state.equal) for state in states])
    following = np.array([[0 if last else behind[state.read, state.pair]] for state in states])
    costs = np.zeros((*allowed.shape, len(ADDITIVE)), dtype=np.int64)
    if prices is not None:
        classes = {one for state in states for one in state.classes}
        table = {one: np.array([prices.op[op, one] for op in shape.ops]) for one in classes}
        for row, state in enumerate(states):
            costs[row] = table[state.classes[0]][first] + table[state.classes[1]][second]
            if last:
                read = {one for one in range(INPUTS + shape.blocks) if state.read >> one & 1}
                costs[row] += prices.joined(shape.joined(read))
    return _link(allowed, np.repeat(following, len(first), axis=1), costs), behind


def rest_link(price: Costs) -> Link:
    """The last link: what every network of the space has."""
    return _link(np.ones((1, 1), dtype=np.bool_), np.zeros((1, 1), dtype=np.intp), price[None, None])


def _link(allowed: NDArray[np.bool_], following: NDArray[np.intp], costs: NDArray[np.int64]) -> Link:
    if costs.max(initial=0) > MOST_COST // 64:
        raise SpaceError(
            f"a block of this space may cost {costs.max():.1e} (macs or params), more than is counted; "
            "give fewer filters or a smaller resolution"
        )
    columns = {metric: np.ascontiguousarray(costs[..., i]) for i, metric in enumerate(ADDITIVE)}
    peak = np.zeros_like(following)  # not known: it depends on when each state is read for the last time
    return Link(allowed, following, peak=peak, **columns)
