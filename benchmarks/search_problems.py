"""Problems on which searches are compared: two tables of NAS-Bench-Macro, and a surrogate of Accel-NASBench."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from climbing import Scorer, best_known
from numpy.typing import NDArray
from scipy.stats import spearmanr

import search_spaces
from nas import Budget
from nas.labels import read_labels
from nas.predictor.data import Rows, read_rows, split
from nas.predictor.models import Trees
from nas.predictor.trees import Growth, fit_trees
from nas.space import Genomes, Space
from nas.space.feasible import Feasible

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SHARE = 0.001
TOP = 4  # networks: 0.1 % of NAS-Bench-Macro's 3,969, also within the cap, as in the reference figures
SWEPT, STARTS = 1_000_000, 50
GROWTH = Growth(trees=800, depth=5, rate=0.08, rows=0.7, tests=0.5)


@dataclass(frozen=True)
class Problem:
    """Scores of a space's genomes within a cap, the score that counts as found, and the best there is."""

    name: str
    space: Space
    cap: Budget | None
    score: Scorer
    found: float
    best: float

    @property
    def budgets(self) -> list[Budget]:
        return [] if self.cap is None else [self.cap]

    @cached_property
    def feasible(self) -> Feasible:
        return Feasible(self.space, self.budgets)

    def admits(self, genomes: Genomes) -> NDArray[np.bool_]:
        """Whether each genome (n, slots) is canonical and within the cap."""
        return self.feasible.admits(self.space.codes(genomes))

    def canonical(self, genomes: Genomes) -> Genomes:
        return self.space.genomes(self.space.canonical(self.space.codes(genomes)))


def macro(cap: str | None) -> Problem:
    """NAS-Bench-Macro's distinct networks; the score is the mean of three runs, in percent."""
    space = search_spaces.load("nasbench_macro")
    labels = read_labels(DATA / "nas-bench-macro_cifar10.json", space).networks
    known = {genome.tobytes(): value for genome, value in zip(labels.genomes, labels.values, strict=True)}

    def score(genomes: Genomes) -> NDArray[np.float64]:
        return np.array([known[genome.tobytes()] for genome in genomes])

    budget = None if cap is None else Budget.parse(cap)
    problem = Problem(f"NAS-Bench-Macro, {cap or 'whole table'}", space, budget, score, 0.0, 0.0)
    scores = np.sort(labels.values[problem.admits(labels.genomes)])
    return Problem(problem.name, space, budget, score, scores[-TOP], scores[-1])


def surrogate(cap: str | None) -> Problem:
    """Boosted trees on the 28 slots alone, fitted on all of Accel-NASBench; the score is percent top-1 on ImageNet."""
    space = search_spaces.load("efficientnet")
    score = boosted(read_rows(DATA / "accel_nasbench.csv", space))
    budget = None if cap is None else Budget.parse(cap)
    within = budget or Budget("macs", 0, 2**62)
    rng = np.random.default_rng(2024)
    found = float(np.quantile(score(space.sample(SWEPT, [within], rng=rng)), 1 - SHARE))
    best = float(best_known(space, score, within, rng, swept=SWEPT, starts=STARTS)[1][0])
    return Problem(f"Accel-NASBench surrogate, {cap or 'whole space'}", space, budget, score, found, best)


def boosted(rows: Rows) -> Scorer:
    """Trees fitted on rows: genomes (n, slots) -> percent top-1 (n,)."""
    inputs = rows.genomes.astype(np.float64)
    trees = Trees(fit_trees(inputs, rows.top1, inputs.shape[1], GROWTH, np.random.default_rng(0)))
    return lambda genomes: trees(genomes.astype(np.float64))


def held_out() -> float:
    """Spearman of the surrogate's trees on a fifth of Accel-NASBench that they were not fitted on."""
    space = search_spaces.load("efficientnet")
    rows = read_rows(DATA / "accel_nasbench.csv", space)
    part = split(rows.group, 5, np.random.default_rng(0))
    test = rows.take(np.flatnonzero(part == 0))
    return float(spearmanr(boosted(rows.take(np.flatnonzero(part != 0)))(test.genomes), test.top1).statistic)


PROBLEMS = {
    "macro": lambda: macro(None),
    "macro-60M": lambda: macro("60M-flops"),
    "surrogate": lambda: surrogate(None),
    "surrogate-400M": lambda: surrogate("400M-flops"),
}
