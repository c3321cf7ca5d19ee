"""What a search leaves: its trials, the winner and its ties, the front, and the baselines."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from nas.budget import Budget
from nas.evaluators.score import About, Score
from nas.graph import Graph
from nas.latency.finalists import Finalists
from nas.lowering import Description
from nas.networks import Network
from nas.ranking import concession, front, ranked, tied, value, winner
from nas.space import Genomes, Space


@dataclass(frozen=True)
class Trial:
    """One architecture that was evaluated. `score` is None when the evaluator failed, for the `reason` given."""

    number: int
    genome: Genomes
    costs: dict[str, int]
    score: Score | None
    reason: str = ""

    @property
    def macs(self) -> int:
        """Multiply-adds of one image."""
        return self.costs["macs"]

    @property
    def price(self) -> int:
        """What ranking goes by: the latency (ns) where a table tells it, else the macs."""
        return self.costs.get("latency", self.macs)


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

    space: Space
    budgets: tuple[Budget, ...]
    objectives: tuple[str, ...]
    about: About
    trials: tuple[Trial, ...]
    baselines: tuple[Baseline, ...] = ()
    seconds: float = 0.0
    evaluated: int = 0  # trials that this call evaluated; the others were there
    remarks: tuple[str, ...] = ()  # what the evaluator says of the best network
    finalists: Finalists = field(default_factory=Finalists)  # what the best really take, where latency played a part
    resumed: bool = False
    interrupted: bool = False
    exhausted: bool = False
    out: Path | None = None

    @property
    def metric(self) -> str:
        """What the price of a trial is: "latency" or "macs"."""
        return "latency" if self.trials and "latency" in self.trials[0].costs else "macs"

    @cached_property
    def scored(self) -> tuple[Trial, ...]:
        """The trials that have a score, highest first."""
        return tuple(ranked(self.trials))

    @property
    def top(self) -> Trial | None:
        """The highest score; None when no trial has one."""
        return self.scored[0] if self.scored else None

    @cached_property
    def ties(self) -> tuple[Trial, ...]:
        """The trials whose intervals cannot tell them from the highest score; highest score first."""
        return tuple(tied(self.scored))

    @property
    def concession(self) -> float:
        """How much score the winner gives up, at most, for a lower price."""
        return concession(self.scored)

    @cached_property
    def best(self) -> Trial | None:
        """The winner: of the ties within `concession` of the highest score, the cheapest."""
        return winner(self.scored)

    @cached_property
    def front(self) -> tuple[Trial, ...]:
        """The scored trials that no other beats in score and price (or the study's objectives); cheapest first."""
        if len(self.objectives) == 1:
            return tuple(front(self.scored))
        signs = [-1.0 if axis == "score" else 1.0 for axis in self.objectives]
        values = [[objective_of(trial, axis) for axis in self.objectives] for trial in self.scored]
        return tuple(front(self.scored, np.array(values).reshape(len(values), len(signs)) * signs))

    def best_within(self, price: float) -> Trial | None:
        """The highest score at no more than that price."""
        return next((trial for trial in self.scored if trial.price <= price), None)

    def architecture(self, trial: Trial) -> Description:
        """The architecture of a trial: a table, or what else the space decodes to."""
        return self.space.decode(trial.genome)

    def graph(self, trial: Trial) -> Graph:
        """The graph of a trial, with the space's classes and channels."""
        return self.space.graph(trial.genome)

    def network(self, trial: Trial) -> Network:
        """The graph of a trial with its architecture."""
        return Network.of(self.architecture(trial), self.space.num_classes, self.space.in_chans, self.graph(trial))


def objective_of(trial: Trial, objective: str) -> float:
    """A scored trial's value of an objective."""
    return value(trial) if objective == "score" else float(trial.costs[objective])
