"""The order of a cell's blocks, and of the tellings in that order the one that is the cell's spelling.

A block comes after the blocks that it reads. Beyond that order is free, so it is fixed: by the later of the two states
that a block reads, then the earlier one. A block that reads the one before it always satisfies that; of two that do not
read each other, this says which comes first. Blocks that read the same two states may follow one another in any order,
so a cell has as many tellings as there are ways to break these ties, one after another: what reads the one reads
another number then, and later blocks move too. Its spelling is the least of those that join what the cell joins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.cells import INPUTS

Codes = NDArray[np.intp]
Marks = NDArray[np.bool_]

NEVER = np.iinfo(np.intp).max


class Cells(NamedTuple):
    """Cells as their blocks stand: the states that each block reads, the ops it does to them, both (n, blocks, 2), and
    whether the output joins each state: (n, states)."""

    states: Codes
    ops: Codes
    joined: Marks

    @property
    def read(self) -> Marks:
        """Whether a block reads each state: (n, states)."""
        read = np.zeros((len(self.states), INPUTS + self.states.shape[1]), dtype=np.bool_)
        read[np.arange(len(read))[:, None], self.states.reshape(len(read), 2 * self.states.shape[1])] = True
        return read


def joining(states: Codes, ops: Codes, always: Sequence[int]) -> Cells:
    """Cells that join, as their blocks stand, the states that no block reads and those of `always`."""
    numbers = np.arange(INPUTS + states.shape[1])
    cells = Cells(states, ops, np.zeros((len(states), len(numbers)), dtype=np.bool_))
    return cells._replace(joined=np.isin(numbers, always) | ~cells.read)


class Tellings(NamedTuple):
    """Cells told in order: which cell each one tells, (m,); pair and ops of its blocks as the options of a space number
    them, (m, 2 × blocks); and the new number of each of the cell's states, (m, states)."""

    of: Codes
    codes: Codes
    moved: Codes


def tellings(cells: Cells, most_ops: int, always: Sequence[int] | None, *, every: bool = True) -> Tellings:
    """The tellings in which a cell joins the states that no block reads and those numbered `always`, and no other.

    Every op is less than `most_ops`. With `always` None what cells join is no matter. A telling goes on with each block
    of the least pair, and no other is in order: so these are all. Unless `every` one is wanted, some, with the least.
    """
    n, blocks, _ = cells.states.shape
    waiting, read = INPUTS + blocks, cells.read
    by_ops = max(always or (0,)) < INPUTS  # no block is joined for its number
    fits = np.ones((n, waiting, waiting), dtype=np.bool_)  # whether a state may have a number
    if always is not None:
        fits = cells.joined[:, :, None] == (np.isin(np.arange(waiting), always) | ~read[:, :, None])
    of = np.flatnonzero(fits[:, range(INPUTS), range(INPUTS)].all(axis=1))
    moved = np.full((len(of), waiting), waiting, dtype=np.intp)
    moved[:, :INPUTS] = range(INPUTS)
    codes = np.empty((len(of), 2 * blocks), dtype=np.intp)
    for place in range(blocks):
        reads = moved.take(cells.states[of] + waiting * np.arange(len(of))[:, None, None])
        left, right = reads[:, :, 0], reads[:, :, 1]
        low, high = np.minimum(left, right), np.maximum(left, right)
        pair = high * (high + 1) // 2 + low  # the largest where a state waits
        pair[moved[:, INPUTS:] < waiting] = NEVER
        first = (pair == pair.min(axis=1, keepdims=True)) & fits[of, INPUTS:, INPUTS + place]
        row, block = np.nonzero(first)  # a telling goes on in as many as there are blocks to choose from
        both = _both(cells.ops[of[row], block], reads[row, block], most_ops)
        if not every:
            needed = _needed(row, both, read[of[row], INPUTS + block], by_ops)
            row, block, both = row[needed], block[needed], both[needed]
        codes[:, 2 * place] = pair.min(axis=1)
        of, codes, moved = of[row], codes[row], moved[row]
        codes[:, 2 * place + 1] = both
        moved[np.arange(len(row)), INPUTS + block] = INPUTS + place
    return Tellings(of, codes, moved)


def _both(ops: Codes, reads: Codes, most_ops: int) -> Codes:
    """The two ops of blocks as an option, that on the lower state first: both (m, 2) -> (m,)."""
    (first, second), (left, right) = ops.T, reads.T
    swap = (left > right) | ((left == right) & (first > second))
    return np.asarray(np.where(swap, second * most_ops + first, first * most_ops + second))


def _needed(row: Codes, both: Codes, read: Marks, by_ops: bool) -> Marks:
    """Which of the blocks that may come next in some row lead to its least telling; each (m,).

    Of those that no block reads the least: exchanged, they change nothing else. With `by_ops`, of all the least ones.
    """
    order = np.lexsort((both, row))
    needed = read.copy()
    unread = order[~read[order]]
    needed[unread[np.unique(row[unread], return_index=True)[1]]] = True
    if by_ops:
        _, first, place = np.unique(row[order], return_index=True, return_inverse=True)
        needed[order] &= both[order] == both[order[first]][place]
    return needed


def spelled(cells: Cells, most_ops: int, always: Sequence[int] | None) -> tuple[Codes, Codes]:
    """Which cells have a telling, (m,), and the lexicographically least one of each: (m, 2 × blocks)."""
    of, codes, _ = tellings(cells, most_ops, always, every=False)
    order = np.lexsort((*codes.T[::-1], of))
    found, first = np.unique(of[order], return_index=True)
    return found, codes[order[first]]
