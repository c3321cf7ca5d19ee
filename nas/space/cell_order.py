"""The order of a cell's blocks: every cell can be told so, and but for equal blocks in one way only.

A block comes after the blocks that it reads. Beyond that order is free, so it is fixed: by the later of the two states
that a block reads, then the earlier one, then the ops. A block that reads the one before it always satisfies that; of
two that do not read each other, this says which comes first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nas.cells import INPUTS

Codes = NDArray[np.intp]


def ordered(states: Codes, ops: Codes, most_ops: int) -> tuple[Codes, Codes]:
    """Cells in order, from what their blocks read and do to it: both (n, blocks, 2), every op less than `most_ops`.

    Gives (pair, ops pair) of each block as the options of a space number them, (n, 2 × blocks), and the new number of
    each state, (n, states). Block by block the first of those that are ready is placed.
    """
    n, blocks, _ = states.shape
    rows, waiting = np.arange(n), INPUTS + blocks
    moved = np.full((n, INPUTS + blocks), waiting, dtype=np.intp)
    moved[:, :INPUTS] = range(INPUTS)
    placed = np.zeros((n, blocks), dtype=np.bool_)
    codes = np.empty((n, 2 * blocks), dtype=np.intp)
    for place in range(blocks):
        left, right = (moved[rows[:, None], states[:, :, side]] for side in (0, 1))
        low, high, swap = np.minimum(left, right), np.maximum(left, right), left > right
        first, second = (np.where(swap, ops[:, :, 1 - side], ops[:, :, side]) for side in (0, 1))
        same = left == right
        first, second = (
            np.where(same, np.minimum(first, second), first),
            np.where(same, np.maximum(first, second), second),
        )
        pair, both = high * (high + 1) // 2 + low, first * most_ops + second
        key = np.where(placed | (high == waiting), np.iinfo(np.intp).max, pair * most_ops**2 + both)
        chosen = key.argmin(axis=1)
        codes[:, 2 * place], codes[:, 2 * place + 1] = pair[rows, chosen], both[rows, chosen]
        moved[rows, INPUTS + chosen] = INPUTS + place
        placed[rows, chosen] = True
    return codes, moved
