"""How near a search comes to the best that its predictor can offer.

The reference is a sweep of ten million uniform feasible candidates, then steepest ascent from the best of them.

    python benchmarks/search_quality.py          # about half an hour on 2 cores
"""

from __future__ import annotations

import sys

import numpy as np

import nas
import search_spaces
from nas import Budget, predictor
from nas.study.searching import TRIALS

SPACE = search_spaces.load("efficientnet")
BUDGETS = ("200M-flops", "300M-flops", "400M-flops", "500M-flops")
SEEDS = range(5)
SWEPT, STARTS = 10_000_000, 200
BATCH = 200_000


def best_known(budget: Budget, swept: int = SWEPT) -> float:
    """The highest predicted score of a sweep and of local search (one and two slots at once) from its best."""
    judge, rng = predictor.load("accel_nasbench"), np.random.default_rng(2024)
    top, scores = np.empty((0, len(SPACE.slots)), dtype=np.int8), np.empty(0)
    for _ in range(swept // BATCH):
        genomes = SPACE.sample(BATCH, [budget], rng=rng)
        found = judge.mean_genomes(SPACE, genomes)
        keep = np.argsort(-found)[:STARTS]
        top, scores = np.concatenate([top, genomes[keep]]), np.concatenate([scores, found[keep]])
        keep = np.argsort(-scores)[:STARTS]
        top, scores = top[keep], scores[keep]
    for start in range(0, STARTS, 10):
        current, value = top[start : start + 10], scores[start : start + 10]
        while True:
            better, reached = _ascend(current, budget)
            if reached.max() <= value.max() + 1e-9:
                break
            current, value = better, reached
        scores = np.append(scores, value)
    return float(scores.max())


def _ascend(genomes: np.ndarray, budget: Budget) -> tuple[np.ndarray, np.ndarray]:
    """The best of all feasible neighbours at one or two changed slots."""
    radix = list(SPACE.slots.values())
    ring = _neighbours(genomes, radix)
    ring = np.unique(np.concatenate([ring, _neighbours(ring, radix)]), axis=0)
    ring = ring[SPACE.costs(ring, ("macs",))["macs"] <= budget.high]
    scores = predictor.load("accel_nasbench").mean_genomes(SPACE, ring)
    keep = np.argsort(-scores)[:10]
    return ring[keep], scores[keep]


def _neighbours(genomes: np.ndarray, radix: list[int]) -> np.ndarray:
    found = [genomes]
    for slot, size in enumerate(radix):
        for choice in range(size):
            changed = genomes.copy()
            changed[:, slot] = choice
            found.append(changed)
    return np.unique(np.concatenate(found), axis=0)


def main() -> None:
    print(f"| budget | best known | {' | '.join(f'seed {seed}' for seed in SEEDS)} | worst gap | slowest search |")
    print("|---|---:|" + "---:|" * (len(SEEDS) + 2))
    for text in BUDGETS:
        budget = Budget.parse(text)
        known = best_known(budget)
        studies = [nas.search(SPACE, [budget], seed=seed, trials=TRIALS) for seed in SEEDS]
        scores = [study.best.score.value for study in studies if study.best and study.best.score]
        cells = " | ".join(f"{score:.3f}" for score in scores)
        slowest = max(study.seconds for study in studies)
        print(f"| {text} | {known:.3f} | {cells} | {known - min(scores):.3f} | {slowest:.0f} s |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
