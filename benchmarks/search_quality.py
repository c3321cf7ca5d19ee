"""How near a search comes to the best that its predictor can offer, and what that costs.

python benchmarks/search_quality.py > results/search.md
"""

from __future__ import annotations

import numpy as np
from climbing import best_known

import nas
import search_spaces
from nas import Budget, predictor
from nas.evaluators.score import CONCESSION
from nas.ranking import value
from nas.study.searching import TRIALS

SPACE = search_spaces.load("efficientnet")
BUDGETS = ("200M-flops", "300M-flops", "400M-flops", "500M-flops")
COMPARED = ("400M-flops",)
SAMPLERS = ("model", "nsga2", "tpe", "random")
SEEDS = range(5)
SWEPT, STARTS = 10_000_000, 200

HEAD = f"""# How near a search comes to the best

Written by `python benchmarks/search_quality.py > results/search.md` (a quarter of an hour on 2 cores).

*Best known*: the highest prediction among {SWEPT:,} uniform feasible candidates of `efficientnet` and steepest ascent
(one or two slots at once) from the best {STARTS}, with the same predictor. A search has {TRIALS:,} trials, one worker.
*Top* is the highest score that it visits; the *winner* is the network with fewest macs among the ties within
{CONCESSION:g} of the interval's half-width of the top. The floor is 0.15 points between best known and winner.
All are predictions: their 90 % interval for one training run is about ± 0.4 points (results/predictor.md).

## The default sampler, {SAMPLERS[0]}

| budget | best known | winner, seeds {SEEDS[0]} to {SEEDS[-1]} | largest gap: top | winner | seconds, slowest |
|---|---:|---|---:|---:|---:|"""

OTHERS = """
## Other samplers: gap of the top at seed {seed}, and seconds

| budget | {names} |
|---|{rules}"""


def main() -> None:
    judge = predictor.load("accel_nasbench")
    known = {}
    print(HEAD)
    for text in BUDGETS:
        budget, rng = Budget.parse(text), np.random.default_rng(2024)
        _, scores = best_known(
            SPACE, lambda genomes: judge.mean_genomes(SPACE, genomes), budget, rng, swept=SWEPT, starts=STARTS
        )
        known[text] = float(scores[0])
        tops, winners, slowest = searched(text, SAMPLERS[0])
        shown = " ".join(f"{score:.2f}" for score in winners)
        gaps = f"{known[text] - min(tops):.3f} | {known[text] - min(winners):.3f}"
        print(f"| {text} | {known[text]:.3f} | {shown} | {gaps} | {slowest:.0f} |", flush=True)
    print(OTHERS.format(seed=SEEDS[0], names=" | ".join(SAMPLERS[1:]), rules="---:|" * (len(SAMPLERS) - 1)))
    for text in COMPARED:
        cells = []
        for sampler in SAMPLERS[1:]:
            tops, _, slowest = searched(text, sampler, SEEDS[:1])
            cells.append(f"{known[text] - min(tops):.2f}, {slowest:.0f} s")
        print(f"| {text} | {' | '.join(cells)} |", flush=True)


def searched(text: str, sampler: str, seeds: range = SEEDS) -> tuple[list[float], list[float], float]:
    """Tops and winners of the seeds, and the slowest search's seconds."""
    studies = [nas.search(SPACE, [Budget.parse(text)], sampler=sampler, seed=seed) for seed in seeds]
    assert all(study.top and study.best for study in studies)
    tops, winners = ([value(t) for s in studies if (t := getattr(s, kind))] for kind in ("top", "best"))
    return tops, winners, max(study.seconds for study in studies)


if __name__ == "__main__":
    main()
