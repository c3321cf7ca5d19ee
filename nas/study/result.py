"""What a search leaves: its trials, the winner and its ties, the front, and the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from nas.architecture import Architecture
from nas.budget import Budget
from nas.evaluators.score import CONCESSION, About, Score
from nas.graph import Graph
from nas.lowering import lower
from nas.space import Genomes, SearchSpace


@dataclass(frozen=True)
class Trial:
    """One architecture that was evaluated. `score` is None when the evaluator failed, for the `reason` given."""

    number: int
    genome: Genomes
    costs: dict[str, int]
    score: Score | None
    reason: str = ""


@dataclass(frozen=True)
class Baseline:
    """What the winner is compared with; `score` None says in `note` why there is none."""

    name: str
    score: Score | None = None
    costs: dict[str, int] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Study:
    """A finished (or interrupted) search.

    `objectives[0]` is maximised when it is "score", every other objective minimised.
    """

    space: SearchSpace
    budgets: tuple[Budget, ...]
    objectives: tuple[str, ...]
    about: About
    trials: tuple[Trial, ...]
    baselines: tuple[Baseline, ...] = ()
    seconds: float = 0.0
    evaluated: int = 0  # trials that this call evaluated; the others were there
    remarks: tuple[str, ...] = ()  # what the evaluator says of the best network
    resumed: bool = False
    interrupted: bool = False
    exhausted: bool = False
    out: Path | None = None

    @cached_property
    def scored(self) -> tuple[Trial, ...]:
        """The trials that have a score."""
        return tuple(trial for trial in self.trials if trial.score is not None)

    @cached_property
    def top(self) -> Trial | None:
        """The highest score; None when no trial has one."""
        return self.best_within(float("inf"))

    @cached_property
    def ties(self) -> tuple[Trial, ...]:
        """The trials whose intervals cannot tell them from the highest score; highest score first."""
        if self.top is None:
            return ()
        top = self.top.score
        close = [trial for trial in self.scored if trial.score and top and trial.score.ties(top)]
        return tuple(sorted(close, key=lambda trial: (-score_of(trial), trial.costs["macs"])))

    @cached_property
    def concession(self) -> float:
        """How much score the winner gives up, at most, for fewer macs."""
        return CONCESSION * self.top.score.half_width if self.top and self.top.score else 0.0

    @cached_property
    def best(self) -> Trial | None:
        """The winner: of the ties within `concession` of the highest score, the one with fewest macs."""
        near = (trial for trial in self.ties if score_of(trial) >= score_of(self.ties[0]) - self.concession)
        return min(near, key=lambda trial: (trial.costs["macs"], -score_of(trial)), default=None)

    @cached_property
    def front(self) -> tuple[Trial, ...]:
        """The scored trials that no other beats in score and macs (or the study's objectives); fewest macs first."""
        axes = self.objectives if len(self.objectives) > 1 else (*self.objectives, "macs")
        if not self.scored:
            return ()
        points = np.array([[objective_of(trial, axis) for axis in axes] for trial in self.scored])
        points *= [-1.0 if axis == "score" else 1.0 for axis in axes]
        kept = [self.scored[i] for i in nondominated(points)]
        return tuple(sorted(kept, key=lambda trial: trial.costs["macs"]))

    def best_within(self, macs: float) -> Trial | None:
        """The highest score at no more than so many macs."""
        inside = [trial for trial in self.scored if trial.costs["macs"] <= macs]
        return max(inside, key=lambda trial: (score_of(trial), -trial.costs["macs"]), default=None)

    def architecture(self, trial: Trial) -> Architecture:
        """The architecture of a trial."""
        return self.space.decode(trial.genome)

    def graph(self, trial: Trial) -> Graph:
        """The graph of a trial, with the space's classes and channels."""
        table = self.architecture(trial)
        graph = lower(table, self.space.num_classes, self.space.in_chans)
        return lower(table, self.space.num_classes, self.space.in_chans, name=f"{self.space.name}_{graph.digest()[:8]}")


def score_of(trial: Trial) -> float:
    """The score of a scored trial."""
    assert trial.score is not None
    return trial.score.value


def objective_of(trial: Trial, objective: str) -> float:
    """A scored trial's value of an objective."""
    return score_of(trial) if objective == "score" else float(trial.costs[objective])


def nondominated(points: Sequence[Sequence[float]] | np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[int]:
    """Rows that no other row is at least as small as in every column and smaller in one."""
    array = np.asarray(points, dtype=np.float64)
    front: list[int] = []
    for i in np.lexsort(array.T[::-1]):
        kept = array[front]
        if not front or not (kept <= array[i]).all(axis=1).any():
            front.append(int(i))
    return front
