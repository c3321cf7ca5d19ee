"""The best that a scorer can offer within a budget: a uniform sweep, then steepest ascent from its best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nas import Budget
from nas.space import Genomes, SearchSpace

Scorer = Callable[[Genomes], NDArray[np.float64]]  # genomes (n, slots) -> scores (n,), larger is better
BATCH = 200_000


def best_known(
    space: SearchSpace,
    score: Scorer,
    budget: Budget,
    rng: np.random.Generator,
    *,
    swept: int,
    starts: int,
    top: int = 1,
) -> tuple[Genomes, NDArray[np.float64]]:
    """The `top` best genomes seen, best first, and their scores.

    `swept` uniform feasible candidates; then, from each of the best `starts` of them, the best change of one or two
    slots again and again until none helps.
    """
    keep = max(starts, top)
    best = _Best(keep, np.empty((0, len(space.slots)), dtype=np.int8), np.empty(0))
    for begin in range(0, swept, BATCH):
        drawn = space.sample(min(BATCH, swept - begin), [budget], rng=rng)
        best.take(drawn, score(drawn))
    for start in best.genomes[:starts]:
        genome, value = start, -np.inf
        while True:
            ring = _within(space, _neighbours(space, _neighbours(space, genome[None])), budget)
            scores = score(ring)
            best.take(ring, scores)
            if scores.max() <= value:
                break
            genome, value = ring[scores.argmax()], scores.max()
    return best.genomes[:top], best.scores[:top]


class _Best:
    """The best distinct genomes so far."""

    def __init__(self, keep: int, genomes: Genomes, scores: NDArray[np.float64]) -> None:
        self.keep, self.genomes, self.scores = keep, genomes, scores

    def take(self, genomes: Genomes, scores: NDArray[np.float64]) -> None:
        chosen = np.argsort(-scores)[: self.keep]
        both, first = np.unique(np.concatenate([self.genomes, genomes[chosen]]), axis=0, return_index=True)
        values = np.concatenate([self.scores, scores[chosen]])[first]
        order = np.argsort(-values, kind="stable")[: self.keep]
        self.genomes, self.scores = both[order], values[order]


def _within(space: SearchSpace, genomes: Genomes, budget: Budget) -> Genomes:
    macs = space.costs(genomes, ("macs",))["macs"]
    return genomes[(macs >= budget.low) & (macs <= budget.high)]


def _neighbours(space: SearchSpace, genomes: Genomes) -> Genomes:
    """The genomes and every change of one slot."""
    found = [genomes]
    for slot, choices in enumerate(space.slots.values()):
        for choice in range(choices):
            changed = genomes.copy()
            changed[:, slot] = choice
            found.append(changed)
    return np.unique(np.concatenate(found), axis=0)
