"""What a tenth more or less of a budget would buy: from a search to the best network at each size of its budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nas.budget import Budget
from nas.errors import InfeasibleError
from nas.evaluators.score import Evaluator, Score
from nas.ranking import value
from nas.space import Space
from nas.space.feasible import Codes
from nas.space.nearest import Nearest
from nas.study.result import Study, Trial

SIZES = (0.9, 1.0, 1.1)
MOST = 5000  # networks of one climb, unless told otherwise; it takes some 1500
BATCH = 100  # networks that are scored before a climb goes on from the best of them


@dataclass(frozen=True, slots=True)
class Nudge:
    """The budgets at `size` times their amounts, and the best network there; None where there is none."""

    size: float
    budgets: tuple[Budget, ...]
    best: Trial | None
    asked: int = 0  # networks that the evaluator scored for it
    broken_off: bool = False  # the climb, after as many as it may ask for


def stretched(budget: Budget, size: float) -> Budget:
    """The budget with its ends multiplied."""
    return replace(budget, low=round(budget.low * size), high=max(1, round(budget.high * size)), text="")


def visited(study: Study) -> list[Nudge]:
    """The best trial of the search at each size; larger budgets hold nothing that the search could have seen."""
    found = []
    for size in SIZES:
        budgets = tuple(stretched(budget, size) for budget in study.budgets)
        fits = _within(study, budgets)
        found.append(Nudge(size, budgets, fits[0] if fits and size <= 1 else None))
    return found


def climbed(study: Study, judge: Evaluator, most: int = MOST) -> list[Nudge]:
    """At each size the network that a climb from the best trial there reaches in steps of one or two slots.

    A climb ends once `most` networks were scored for it. Under a latency budget the study's space must be timed.
    """
    found = []
    for size in SIZES:
        budgets = tuple(stretched(budget, size) for budget in study.budgets)
        try:
            best, asked = _climb(study, budgets, judge, most)
        except InfeasibleError:
            best, asked = None, 0
        found.append(Nudge(size, budgets, best, asked, broken_off=asked >= most))
    return found


def _within(study: Study, budgets: Sequence[Budget]) -> list[Trial]:
    """The scored trials that all budgets admit, the best first."""
    known = (trial for trial in study.scored if all(budget.metric in trial.costs for budget in budgets))
    return [trial for trial in known if all(budget.admits(trial.costs) for budget in budgets)]


def _climb(study: Study, budgets: Sequence[Budget], judge: Evaluator, most: int) -> tuple[Trial | None, int]:
    """The best network around the best trial within the budgets, and how many were asked for.

    It ends where nothing within two slots is better.
    """
    space, nearest, rng = study.space, Nearest(study.space, budgets), np.random.default_rng(0)
    start = (_within(study, budgets) or study.scored)[0]
    code = nearest.find(space.codes(start.genome[None])[0], lambda _: False, rng)
    if code is None:
        return None, 0
    best: Trial | None = None
    seen: set[bytes] = set()
    climbing = True
    while climbing and len(seen) < most:
        climbing = False
        for batch in _around(nearest, code, rng):
            fresh = [row for row in batch if row.tobytes() not in seen]
            seen.update(row.tobytes() for row in fresh)
            trials = _scored(space, np.array(fresh), judge) if fresh else []
            top = max(trials, key=lambda trial: (value(trial), -trial.macs), default=None)
            if top is not None and (best is None or value(top) > value(best)):
                best, code, climbing = top, space.codes(top.genome[None])[0], True
            if climbing or len(seen) >= most:
                break
    return best, len(seen)


def _around(nearest: Nearest, code: Codes, rng: np.random.Generator) -> Iterator[Codes]:
    """What the budgets admit within one slot, then within two, a batch after the other in random order."""
    for slots in (1, 2):
        codes = nearest.space.canonical(nearest.around(code, slots))
        codes = rng.permutation(np.unique(codes[nearest.feasible.admits(codes)], axis=0))
        yield from np.array_split(codes, max(1, len(codes) // BATCH))


def _scored(space: Space, codes: Codes, judge: Evaluator) -> list[Trial]:
    genomes = space.genomes(codes)
    answers = judge.evaluate([space.decode(genome) for genome in genomes])
    return [
        Trial(number, genome, space.cost(genome), answer)
        for number, (genome, answer) in enumerate(zip(genomes, answers, strict=True))
        if isinstance(answer, Score)
    ]
