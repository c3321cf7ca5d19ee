"""The feasible architecture nearest to a wish: fewest changed slots, ties by chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from nas.budget import Budget
from nas.space.counting import listed
from nas.space.feasible import Codes, Feasible, Programme

if TYPE_CHECKING:
    from nas.space.coding import Space

MOST_COMPARED = 100_000  # architectures of a space that is searched one by one
DRAWS = 256
# Each changed slot makes a draw this much rarer: so steep that the fewest changes win, then less so, where
# the nearest ones are taken.
RARITIES = (1e-6, 1e-3, 0.1, 1.0)


class Nearest:
    """Finds the nearest architecture within `budgets` that is not taken yet."""

    def __init__(self, space: Space, budgets: Sequence[Budget]) -> None:
        self.feasible = Feasible(space, budgets)
        self.space = self.feasible.space

    @cached_property
    def all(self) -> Codes | None:
        """All feasible architectures, where they are few."""
        if self.space.size > MOST_COMPARED:
            return None
        codes = listed(self.space)
        return codes[self.feasible.admits(codes)]

    def find(self, wish: Codes, taken: Callable[[Codes], bool], rng: np.random.Generator) -> Codes | None:
        """Option codes (parts,) of the nearest feasible architecture that is not `taken`; None when none is left."""
        wish = self.space.canonical(wish[None])[0]
        if self.feasible.admits(wish[None])[0] and not taken(wish):
            return wish
        for batch in self._candidates(wish, rng):
            spelled = batch if self.space.linked else self.space.canonical(batch)
            kept = self.feasible.admits(spelled)
            candidates = spelled[kept]
            for row in np.lexsort((rng.random(len(candidates)), self.distances(wish, batch[kept]))):
                if not taken(candidates[row]):
                    return np.asarray(candidates[row])
        return None

    def distances(self, wish: Codes, codes: Codes) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Changed slots from one architecture (parts,) to each of many (n, parts)."""
        total = np.zeros(len(codes), dtype=np.int64)
        for i, part in enumerate(self.space.parts):
            total += part.changes(wish[i]).take(codes[:, i])
        return total

    def _candidates(self, wish: Codes, rng: np.random.Generator) -> Iterator[Codes]:
        """Batches that reach ever further out."""
        if self.all is not None:
            yield self.all
            return
        yield self.around(wish)
        budget = self.feasible.first
        for rarity in RARITIES:
            weights = [rarity ** part.changes(wish[i]).astype(float) for i, part in enumerate(self.space.parts)]
            near = Programme(self.space.links, budget.metric, budget.low, budget.high, [*weights, np.ones(1)])
            if near.total > 0:
                yield near.draw(DRAWS, rng)

    def around(self, wish: Codes, slots: int = 2) -> Codes:
        """Every architecture at most `slots` (1 or 2) away, itself first; not all need be canonical or feasible."""
        around = [part.changes(wish[i]) for i, part in enumerate(self.space.parts)]
        batches = [wish[None]]
        for i, changes in enumerate(around):
            batches.append(_replaced(wish, {i: np.flatnonzero((changes > 0) & (changes <= slots))}))
        for i, j in combinations(range(len(around)), 2) if slots == 2 else ():
            left, right = np.flatnonzero(around[i] == 1), np.flatnonzero(around[j] == 1)
            batches.append(_replaced(wish, {i: np.repeat(left, len(right)), j: np.tile(right, len(left))}))
        return np.concatenate(batches)


def _replaced(wish: Codes, columns: dict[int, Codes]) -> Codes:
    """Copies of `wish` with some columns replaced."""
    copies = np.repeat(wish[None], len(next(iter(columns.values()))), axis=0)
    for column, values in columns.items():
        copies[:, column] = values
    return copies
