"""Searches to compare ours with, each in its simplest form, and plain Optuna as its users call it.

A method asks a Tally for scores until that has had enough. Only distinct networks within the cap count as evaluations.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import optuna
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.stats import norm
from search_problems import Problem

from nas.space import Genomes
from nas.study.samplers import SAMPLERS, FeasibleSampler, genome_of

START, POOL, CENTRES = 10, 2000, 5
LENGTHS, NOISES = (0.1, 0.2, 0.4, 0.8, 1.6), (1e-3, 1e-2, 1e-1)
POPULATION, TOURNAMENT = 20, 5  # of aging evolution
PENALTIES = (0.1, 1.0, 10.0)
PATIENCE = 3  # proposals of plain Optuna for each evaluation: repeated ones and those over the cap are free

Rng = np.random.Generator


class EnoughError(Exception):
    """The search may end."""


class Tally:
    """Answers scores, and writes down those of distinct networks within the cap; raises EnoughError at the end."""

    def __init__(self, problem: Problem, least: int, most: int) -> None:
        self.problem, self.least, self.most = problem, least, most
        self.known: dict[bytes, float] = {}
        self.scores: list[float] = []

    def __call__(self, genome: Genomes) -> float:
        """The score of one genome (slots,), in any spelling."""
        genome = self.problem.canonical(genome[None])
        if (key := genome.tobytes()) not in self.known:
            self.known[key] = float(self.problem.score(genome)[0])
            if self.problem.admits(genome)[0]:
                self.scores.append(self.known[key])
                if len(self.scores) >= self.most or (len(self.scores) >= self.least and self.found):
                    raise EnoughError
        return self.known[key]

    @property
    def found(self) -> int:
        """After how many evaluations a network good enough was met; 0 when none was."""
        hit = np.flatnonzero(np.array(self.scores) >= self.problem.found)
        return int(hit[0]) + 1 if len(hit) else 0


Method = Callable[[Problem, Tally, int], None]


def drawn(problem: Problem, n: int, rng: Rng) -> Genomes:
    return problem.space.sample(n, problem.budgets, rng=rng)


def mutants(problem: Problem, genome: Genomes) -> Genomes:
    """The feasible networks that differ from a genome (slots,) in one slot."""
    found = []
    for slot, choices in enumerate(problem.space.slots.values()):
        for choice in range(choices):
            if choice != genome[slot]:
                found.append(genome.copy())
                found[-1][slot] = choice
    near = problem.canonical(np.array(found))
    return np.unique(near[problem.admits(near)], axis=0)


def random(problem: Problem, tally: Tally, seed: int) -> None:
    """Uniform draws."""
    rng = np.random.default_rng(seed)
    while True:
        for genome in drawn(problem, 512, rng):
            tally(genome)


def aging_evolution(problem: Problem, tally: Tally, seed: int) -> None:
    """Regularised evolution (Real et al. 2019, arXiv:1802.01548, Algorithm 1) of 20, tournaments of 5, no repeats."""
    rng = np.random.default_rng(seed)
    population = deque((genome, tally(genome)) for genome in drawn(problem, POPULATION, rng))
    while True:
        rivals = [population[i] for i in rng.choice(len(population), TOURNAMENT, replace=False)]
        parent = max(rivals, key=lambda pair: pair[1])[0]
        fresh = [child for child in mutants(problem, parent) if child.tobytes() not in tally.known]
        child = fresh[rng.integers(len(fresh))] if fresh else drawn(problem, 1, rng)[0]
        population.append((child, tally(child)))
        population.popleft()


def climbing(problem: Problem, tally: Tally, seed: int) -> None:
    """First-improvement climbing, a slot at a time, from uniform starts."""
    rng = np.random.default_rng(seed)
    while True:
        here = drawn(problem, 1, rng)[0]
        value, improved = tally(here), True
        while improved:
            improved = False
            for near in rng.permutation(mutants(problem, here)):
                if tally(near) > value:
                    here, value, improved = near, tally(near), True
                    break


def proposals(problem: Problem, tally: Tally, seed: int) -> Iterator[tuple[Genomes, Genomes, NDArray[np.float64]]]:
    """Candidates not evaluated yet, evaluated genomes, and their scores, as often as asked; after uniform draws."""
    rng = np.random.default_rng(seed)
    for genome in drawn(problem, START, rng):
        tally(genome)
    while True:
        seen = np.array([np.frombuffer(key, dtype=np.int8) for key in tally.known])
        scores = np.array(list(tally.known.values()))
        near = [mutants(problem, genome) for genome in seen[np.argsort(-scores)[:CENTRES]]]
        pool = np.concatenate([drawn(problem, POOL, rng), *near])
        fresh = {genome.tobytes(): genome for genome in pool if genome.tobytes() not in tally.known}
        if fresh:
            yield np.array(list(fresh.values())), seen, scores


def one_hot(problem: Problem, genomes: Genomes) -> NDArray[np.float64]:
    return np.concatenate([np.eye(size)[genomes[:, i]] for i, size in enumerate(problem.space.slots.values())], axis=1)


def gaussian_process(problem: Problem, tally: Tally, seed: int) -> None:
    """Expected improvement (Jones et al. 1998) under a Gaussian process, squared exponential on one-hot slots."""
    for pool, seen, scores in proposals(problem, tally, seed):
        x, y = one_hot(problem, seen), scores - scores.mean()
        slots = len(problem.space.slots)
        alike = x @ x.T / slots - 1  # minus half the squared distance, for each slot
        best = None
        for length in LENGTHS:
            for noise in NOISES:
                lower = np.linalg.cholesky(np.exp(alike / length) + noise * np.eye(len(y)))
                half = solve_triangular(lower, y, lower=True)
                scale = max(float(half @ half) / len(y), 1e-12)
                likelihood = -len(y) / 2 * np.log(scale) - np.log(np.diag(lower)).sum()
                if best is None or likelihood > best[0]:
                    best = likelihood, length, lower, half, scale
        assert best is not None
        _, length, lower, half, scale = best
        across = solve_triangular(lower, np.exp((x @ one_hot(problem, pool).T / slots - 1) / length), lower=True)
        mean, sd = half @ across, np.sqrt(scale * np.maximum(1 - (across**2).sum(axis=0), 1e-9))
        steps = (mean - y.max()) / sd
        tally(pool[(sd * (steps * norm.cdf(steps) + norm.pdf(steps))).argmax()])


def ridge(problem: Problem, tally: Tally, seed: int) -> None:
    """Ridge regression on one-hot slots, its penalty by leave-one-out; the highest prediction is evaluated."""
    for pool, seen, scores in proposals(problem, tally, seed):
        x = one_hot(problem, seen)
        y, centre = scores - scores.mean(), x.mean(axis=0)
        errors, models = [], []
        for penalty in PENALTIES:
            solve = np.linalg.solve((x - centre).T @ (x - centre) + penalty * np.eye(x.shape[1]), (x - centre).T)
            models.append(solve @ y)
            hat = np.einsum("ij,ji->i", x - centre, solve) + 1 / len(y)
            errors.append(float(np.sum(((y - (x - centre) @ models[-1]) / (1 - np.minimum(hat, 0.999))) ** 2)))
        tally(pool[((one_hot(problem, pool) - centre) @ models[int(np.argmin(errors))]).argmax()])


def plain(make: Callable[[int], optuna.samplers.BaseSampler]) -> Method:
    """Optuna as its users call it: categorical choices, the cap as a constraint; what is over it is not counted."""

    def search(problem: Problem, tally: Tally, seed: int) -> None:
        study = optuna.create_study(direction="maximize", sampler=make(seed))
        for _ in range(PATIENCE * tally.most):
            trial = study.ask()
            slots = problem.space.slots.items()
            genome = np.array([trial.suggest_categorical(slot, range(size)) for slot, size in slots], dtype=np.int8)
            if problem.cap is not None:
                macs = problem.space.cost(problem.canonical(genome[None])[0])["macs"]
                trial.set_constraint("macs", (macs - problem.cap.high) / problem.cap.high)
            study.tell(trial, tally(genome))

    return search


def ours(name: str) -> Method:
    """A sampler of nascli's, as `nas.search` calls it."""

    def search(problem: Problem, tally: Tally, seed: int) -> None:
        sampler = FeasibleSampler(problem.space, problem.budgets, SAMPLERS[name], seed=seed)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        while True:
            trial = study.ask(sampler.distributions)
            genome = genome_of(trial.params, problem.space)
            assert genome is not None
            study.tell(trial, tally(genome))

    return search


OURS = ("default (model)", "nascli nsga2")
# Each with the number of evaluations after which a run is given up: models are slow, and quick to find.
METHODS: dict[str, tuple[Method, int]] = {
    "default (model)": (ours("model"), 200),
    "nascli nsga2": (ours("nsga2"), 1000),
    "random": (random, 4000),
    "aging evolution": (aging_evolution, 1000),
    "climbing": (climbing, 1000),
    "Optuna TPE": (plain(lambda seed: optuna.samplers.TPESampler(seed=seed)), 300),
    "Optuna NSGA-II": (plain(lambda seed: optuna.samplers.NSGAIISampler(seed=seed)), 600),
    "GP-EI, one-hot": (gaussian_process, 200),
    "ridge loop, one-hot": (ridge, 200),
}
