"""The sampler `model`: a Gaussian process learns the trials and proposes where it expects the most improvement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study as OptunaStudy
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nas.space.feasible import Codes
from nas.space.nearest import Nearest
from nas.study.proposing import Proposals, Proposer
from nas.study.surrogate import Floats

STEADY, SHARE = 100, 50  # so many trials each have a model of their own; later one model serves n/50 trials
SPARE = 8  # proposals that a model has ready beyond those, should others take some
STEP = 5  # every fifth trial is a step from the best one, however little the model expects of it


class Modelled(BaseSampler):
    """Proposes feasible architectures that are new, for one objective.

    Trials 0 to 9 are stratified by macs. Trial n draws from (seed, n) and the trials before it alone: its model has
    learnt the trials that were finished among the first `served_from(n)`, and takes those under evaluation to come
    out as it expects. Every fifth trial is a step of one slot from the best, so that no model keeps a search from
    climbing. Without any difference between scores, draws are uniform.
    """

    def __init__(self, nearest: Nearest, seed: int) -> None:
        self.space, self.seed, self._nearest = nearest.space, seed, nearest
        self._proposer = Proposer(nearest, np.random.default_rng([seed, 2**32 - 2]))
        self._known: list[Codes] = []  # of the trials that were read
        self._made_from = (-1, -1)
        self._made = Proposals(self._proposer.first, self._proposer.first)

    def infer_relative_search_space(self, study: OptunaStudy, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: OptunaStudy, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        genome = self.space.genomes(self._proposal(study, trial.number)[None])[0]
        return {slot: int(choice) for slot, choice in zip(self.space.slots, genome, strict=True)}

    def sample_independent(
        self, study: OptunaStudy, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        raise NotImplementedError("every slot has a choice already")

    def _proposal(self, study: OptunaStudy, number: int) -> Codes:
        """Option codes (parts,) that trial `number` should have."""
        if number < len(self._proposer.first):
            return np.asarray(self._proposer.first[number])
        trials = study.get_trials(deepcopy=False)[:number]
        self._read(trials)
        start = served_from(number)
        made_from = start, sum(trial.state.is_finished() for trial in trials[:start])
        if made_from != self._made_from:
            scores = scores_of(trials[:start], maximise=study.direction == StudyDirection.MAXIMIZE)
            rng = np.random.default_rng([self.seed, start, 2])
            self._made = self._proposer.proposals(np.array(self._known[:start]), scores, served(start) + SPARE, rng)
            self._made_from = made_from
        taken = {codes.tobytes() for codes in self._known[start:number]}
        kinds = reversed(self._made) if number % STEP == 0 else self._made
        for codes in chain(*kinds):
            if codes.tobytes() not in taken:
                return np.asarray(codes)
        return np.asarray(self._nearest.feasible.sample(1, np.random.default_rng([self.seed, number, 1]))[0])

    def _read(self, trials: Sequence[FrozenTrial]) -> None:
        """Remember the option codes of the trials: they never change."""
        fresh = trials[len(self._known) :]
        if fresh:
            genomes = np.array([[trial.params[slot] for slot in self.space.slots] for trial in fresh], dtype=np.int8)
            self._known.extend(self.space.codes(genomes))


def served_from(number: int) -> int:
    """The number of trials from which the model of trial `number` is made."""
    start = min(number, STEADY)
    while start >= STEADY and start + served(start) <= number:
        start += served(start)
    return start


def served(start: int) -> int:
    """How many trials the model made from `start` trials serves."""
    return 1 if start < STEADY else max(1, start // SHARE)


def scores_of(trials: Sequence[FrozenTrial], *, maximise: bool) -> Floats:
    """What each trial is worth, larger is better; -inf for one that failed, NaN for one under evaluation."""
    sign = 1.0 if maximise else -1.0
    ended = [
        sign * t.value if t.value is not None else -np.inf if t.state == TrialState.FAIL else np.nan for t in trials
    ]
    return np.array(ended, dtype=np.float64)
