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
from threadpoolctl import ThreadpoolController

from nas.space.feasible import Codes
from nas.space.nearest import Nearest
from nas.study.proposing import Proposals, Proposer

STEADY, SHARE = 200, 100  # so many trials each have a model of their own; later one model serves n/100 trials
SPARE = 8  # proposals that a model has ready beyond those, should others take some
STEP, STEP_WHOLE = 2, 5  # every so many trials comes a step from the best; fewer where the model sees all candidates
STALL = 100  # trials without a better one after which the search begins anew elsewhere


class Modelled(BaseSampler):
    """Proposes feasible architectures that are new, for one objective.

    A search has legs. The first ten trials of a leg are stratified by macs; then a model that has learnt the trials
    of the leg proposes, and takes those under evaluation to come out as it expects. Every second trial is a step of
    one slot from the best of the leg, so that no model keeps it from climbing. After `STALL` trials without a better
    one the next leg begins. A feasible set that the model sees whole has one leg, and a step every fifth trial.
    Without any difference between scores, draws are uniform. Trial n draws from (seed, n) and the trials before it
    alone. Its linear algebra has one thread, so that sums do not depend on how many cores there are, and small matrices
    do not wait for busy ones.
    """

    def __init__(self, nearest: Nearest, seed: int) -> None:
        self.space, self.seed, self._nearest = nearest.space, seed, nearest
        self._known: list[Codes] = []  # of the trials that were read
        self._scores: list[float] = []
        self._open: list[int] = []  # trials whose score is still to come
        self._threads = ThreadpoolController()
        self._begin(0)

    def _begin(self, leg: int) -> None:
        """Forget the models of another leg."""
        self._leg = leg
        self._proposer = Proposer(self._nearest, np.random.default_rng([self.seed, leg, 3]))
        self._step = STEP_WHOLE if self._proposer.whole else STEP
        self._made_from = (-1, -1)
        self._made = Proposals(self._proposer.first, self._proposer.first)

    def infer_relative_search_space(self, study: OptunaStudy, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: OptunaStudy, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        with self._threads.limit(limits=1):
            genome = self.space.genomes(self._proposal(study, trial.number)[None])[0]
        return {slot: int(choice) for slot, choice in zip(self.space.slots, genome, strict=True)}

    def sample_independent(
        self, study: OptunaStudy, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        raise NotImplementedError("every slot has a choice already")

    def _proposal(self, study: OptunaStudy, number: int) -> Codes:
        """Option codes (parts,) that trial `number` should have."""
        self._read(study, number)
        leg = 0 if self._proposer.whole else leg_of(self._scores[:number])
        if leg != self._leg:
            self._begin(leg)
        if number - leg < len(self._proposer.first):
            return np.asarray(self._proposer.first[number - leg])
        start = served_from(number, leg)
        scores = np.array(self._scores[leg:start])
        made_from = start, int(np.isnan(scores).sum())
        if made_from != self._made_from:
            rng, known = np.random.default_rng([self.seed, start, 2]), np.array(self._known[:start])
            self._made = self._proposer.proposals(known[leg:], scores, known, served(start) + SPARE, rng)
            self._made_from = made_from
        taken = {codes.tobytes() for codes in self._known[start:number]}
        kinds = reversed(self._made) if number % self._step == 0 else self._made
        for codes in chain(*kinds):
            if codes.tobytes() not in taken:
                return np.asarray(codes)
        return np.asarray(self._nearest.feasible.sample(1, np.random.default_rng([self.seed, number, 1]))[0])

    def _read(self, study: OptunaStudy, number: int) -> None:
        """Take note of the trials before `number`, and of scores that came since."""
        trials = study.get_trials(deepcopy=False)
        fresh = range(len(self._known), number)
        if fresh:
            slots = self.space.slots
            genomes = np.array([[trials[n].params[slot] for slot in slots] for n in fresh], dtype=np.int8)
            self._known.extend(self.space.codes(genomes))
            self._scores.extend([np.nan] * len(fresh))
        sign = 1.0 if study.direction == StudyDirection.MAXIMIZE else -1.0
        self._open = [*self._open, *fresh]
        for n in self._open:
            self._scores[n] = score_of(trials[n], sign)
        self._open = [n for n in self._open if not trials[n].state.is_finished()]


def leg_of(scores: Sequence[float]) -> int:
    """The trial with which the leg of the trial after these begins."""
    leg, best, last = 0, -np.inf, 0
    for number, score in enumerate(scores):
        if score > best:
            best, last = score, number
        elif number - last >= STALL:
            leg, best, last = number + 1, -np.inf, number + 1
    return leg


def served_from(number: int, leg: int = 0) -> int:
    """The number of trials from which the model of trial `number` is made."""
    start = leg
    while start + served(start) <= number:
        start += served(start)
    return start


def served(start: int) -> int:
    """How many trials the model made from `start` trials serves."""
    return 1 if start < STEADY else max(1, start // SHARE)


def score_of(trial: FrozenTrial, sign: float) -> float:
    """What a trial is worth, larger is better; -inf for one that failed, NaN for one under evaluation."""
    if trial.value is not None:
        return sign * trial.value
    return -np.inf if trial.state == TrialState.FAIL else np.nan
