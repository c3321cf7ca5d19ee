"""How many cells of a kind there are, exactly: Burnside's lemma over what their blocks may read.

A structure is what the blocks of a cell in order read. Its tellings lead to it and to other structures, to each of them
equally often, and those have as many. So each telling of a structure as itself counts the cells that it keeps, divided
by the number of all its tellings. It permutes blocks and their halves, and keeps the cells with one op on all halves of
a cycle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from nas.cells import INPUTS
from nas.space.cell_order import Codes, joining, tellings

CHUNK = 20_000  # structures at a time: the tellings of 7 blocks would fill gigabytes


def size(blocks: int, ops: int, always: tuple[int, ...]) -> int:
    """The number of cells of so many blocks and ops that join the states that no block reads, and `always`.

    5 blocks take 0.1 s, 6 take 1 s and 7 take 20 s, once a process, however many ops there are.
    """
    kept: Counter[int] = Counter()  # by the number of tellings
    for (told, halves, doubles), often in symmetries(blocks, always).items():
        kept[told] += often * ops**halves * comb(ops + 1, 2) ** doubles
    return sum(cells // told for told, cells in kept.items())


@lru_cache(maxsize=32)
def symmetries(blocks: int, always: tuple[int, ...]) -> Counter[tuple[int, int, int]]:
    """Each telling of a structure as itself, by (all tellings of the structure, cycles of halves, cycles of doubles).

    A double is a block that reads one state twice: its two ops have no order.
    """
    found: Counter[tuple[int, int, int]] = Counter()
    states = np.array([(left, right) for right in range(INPUTS + blocks) for left in range(right + 1)])
    for pairs in _structures(blocks):
        structures = joining(states[pairs], np.zeros((*pairs.shape, 2), dtype=np.intp), always)
        told = tellings(structures, 1, always)
        same = (told.codes[:, ::2] == pairs[told.of]).all(axis=1)
        of = told.of[same]
        halves, doubles = _cycles(structures.states[of], told.moved[same])
        found.update(zip(np.bincount(told.of)[of].tolist(), halves.tolist(), doubles.tolist(), strict=True))
    return found


def _structures(blocks: int) -> Iterator[Codes]:
    """The pairs that blocks in order may read, (n, blocks), a chunk at a time."""
    pairs = np.zeros((1, 0), dtype=np.intp)
    for block in range(blocks):
        options = comb(INPUTS + block + 1, 2)
        last = pairs[:, -1:] if block else np.zeros((1, 1))
        row, pair = np.nonzero(np.arange(options) >= last)
        pairs = np.column_stack([pairs[row], pair])
    return (pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK))


def _cycles(states: Codes, moved: Codes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The cycles of renaming the states of structures (n, blocks, 2): of halves and of doubles, each (n,)."""
    n, blocks, _ = states.shape
    left, right = moved.take(states + moved.shape[1] * np.arange(n)[:, None, None]).transpose(2, 0, 1)
    image = 2 * (moved[:, INPUTS:, None] - INPUTS) + ((left > right)[:, :, None] ^ np.array([False, True]))
    image = image.reshape(n, -1)
    least = now = np.tile(np.arange(2 * blocks), (n, 1))
    for _ in range(2 * blocks):
        now = np.take_along_axis(image, now, axis=1)
        least = np.minimum(least, now)
    first = (least == np.arange(2 * blocks)).reshape(n, blocks, 2)  # each cycle counts at its first half
    double = states[:, :, 0] == states[:, :, 1]
    return (first & ~double[:, :, None]).sum(axis=(1, 2)), (first[:, :, 0] & double).sum(axis=1)
