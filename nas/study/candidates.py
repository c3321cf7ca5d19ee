"""Candidates of a model: drawn over the feasible set, and around the best of it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from nas.space.feasible import Codes
from nas.space.nearest import Nearest

FIRST = 10  # strata of the first trials
DRAWN = 2048  # uniform candidates, drawn once
MOST_LISTED = 4096  # a feasible set of so many is considered whole
CENTRES, AROUND = 3, 1000  # best trials, and how many of each one's neighbours within two slots are considered
MATES, CROSSED = 30, 400  # best trials that are crossed, and their offspring


class Candidates:
    """Feasible architectures as option codes (n, parts). `pool` is uniform over the feasible, or all of it."""

    def __init__(self, nearest: Nearest, rng: np.random.Generator) -> None:
        self.space, self._nearest = nearest.space, nearest
        known = nearest.all
        self.whole = known is not None and len(known) <= MOST_LISTED
        self.pool = known if known is not None and self.whole else distinct(nearest.feasible.sample(DRAWN, rng))
        self.first = self._strata(rng)

    def _strata(self, rng: np.random.Generator) -> Codes:
        """One architecture of each tenth of the pool, cut by macs, in random order."""
        macs = self.space.costs(self.space.genomes(self.pool), ("macs",))["macs"]
        parts = np.array_split(np.lexsort((rng.random(len(macs)), macs)), min(FIRST, len(macs)))
        chosen: NDArray[np.intp] = rng.permutation([rng.choice(part) for part in parts])
        return self.pool[chosen]

    def considered(self, best: Codes, rng: np.random.Generator) -> Codes:
        """The pool, the neighbours of the first of `best` and the offspring of all of them; `best` comes best first."""
        if self.whole:
            return self.pool
        near = [rng.permutation(self._nearest.around(code))[:AROUND] for code in best[:CENTRES]]
        mothers, fathers = rng.integers(min(MATES, len(best)), size=(2, CROSSED))
        crossed = np.where(rng.random((CROSSED, best.shape[1])) < 0.5, best[mothers], best[fathers])
        return np.concatenate([self.pool, self._admitted([*near, crossed])])

    def neighbours(self, centres: Codes) -> Codes:
        """`centres`, and what differs from one of them in one slot."""
        return self._admitted([self._nearest.around(code, 1) for code in centres])

    def _admitted(self, batches: Iterable[Codes]) -> Codes:
        codes = self.space.canonical(np.concatenate(list(batches)))
        return codes[self._nearest.feasible.admits(codes)]


def marks(codes: Codes) -> NDArray[np.uint64]:
    """A number for each row (n,): equal for equal rows, and for others once in 10^19 pairs."""
    return codes.astype(np.uint64) @ np.random.default_rng(0).integers(2**64, size=codes.shape[1], dtype=np.uint64)


def distinct(codes: Codes, without: Codes | None = None) -> Codes:
    """The rows of `codes` that are not `without`, each once, in the order of their first appearance."""
    found, first = np.unique(marks(codes), return_index=True)
    if without is not None:
        first = first[~np.isin(found, marks(without))]
    return codes[np.sort(first)]
