"""Samplers: any Optuna sampler proposes, and the nearest feasible architecture answers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.study import Study as OptunaStudy
from optuna.trial import FrozenTrial, TrialState

from nas.budget import Budget
from nas.errors import StudyError, unknown
from nas.space import Genomes, Space
from nas.space.feasible import Codes
from nas.space.nearest import Nearest
from nas.study.modelled import Modelled


class Kind(NamedTuple):
    """A kind of sampler: `make(seed, nearest)`, and the trials that are drawn uniformly before it has a say.

    One that has `law` draws from (seed, trial number) and the history alone; any other is made anew for each trial,
    with a seed of the trial's own.
    """

    make: Callable[[int, Nearest], BaseSampler | None]
    startup: int = 0
    law: bool = False
    objectives: int = 2**31  # at most


def tpe(seed: int, nearest: Nearest) -> BaseSampler:
    """Tree-structured Parzen estimator over all slots at once (Bergstra et al. 2011)."""
    return TPESampler(seed=seed, multivariate=True, n_startup_trials=0)


class OrderedNSGAII(NSGAIISampler):
    """NSGA-II whose parents always come in the order of their trials.

    Optuna returns them in order of merit to the trial that selects them and in order of trials to all after it, so a
    study that was interrupted within a generation would not go on as it would have.
    """

    def get_parent_population(self, study: OptunaStudy, generation: int) -> list[FrozenTrial]:
        return sorted(super().get_parent_population(study, generation), key=lambda trial: trial.number)


def nsga2(seed: int, nearest: Nearest) -> BaseSampler:
    """NSGA-II (Deb et al. 2002); a genetic algorithm, also for one objective."""
    return OrderedNSGAII(seed=seed, population_size=80)


def model(seed: int, nearest: Nearest) -> BaseSampler:
    """A Gaussian process on slots and costs: the most expected improvement, and steps from the best."""
    return Modelled(nearest, seed)


SAMPLERS: dict[str, Kind] = {
    "model": Kind(model, law=True, objectives=1),
    "nsga2": Kind(nsga2, startup=100),
    "tpe": Kind(tpe, startup=100),
    "random": Kind(lambda seed, nearest: None),  # uniform over the feasible: `space.sample`
}


def sampler_named(name: str) -> Kind:
    """The sampler of that name; raises StudyError for an unknown one."""
    if name not in SAMPLERS:
        raise StudyError(unknown("sampler", name, SAMPLERS))
    return SAMPLERS[name]


def sampler_for(name: str | None, objectives: Sequence[str]) -> str:
    """The name of the sampler for these objectives; None means the default, the first that takes so many."""
    if name is None:
        return next(name for name, kind in SAMPLERS.items() if len(objectives) <= kind.objectives)
    if len(objectives) > sampler_named(name).objectives:
        able = ", ".join(name for name, kind in SAMPLERS.items() if len(objectives) <= kind.objectives)
        raise StudyError(f"sampler {name} has one objective, not {', '.join(objectives)}; choose one of {able}")
    return name


class Exhausted(Exception):  # noqa: N818 - it ends a search, it is no error
    """Every feasible architecture has been evaluated."""


class FeasibleSampler(BaseSampler):
    """An Optuna sampler whose every proposal is a feasible architecture that was not evaluated before.

    The proposal of the wrapped sampler over all slots is turned into the nearest feasible architecture (fewest
    changed slots, ties by chance). The first `startup` proposals (by default those of its kind), and all where there
    is none to wrap, are uniform over the feasible. Trial n draws from (seed, n) and the history alone, so an
    interrupted study goes on as if it had not been.
    """

    def __init__(
        self, space: Space, budgets: Sequence[Budget], kind: Kind, *, seed: int = 0, startup: int | None = None
    ) -> None:
        self.space, self.startup, self.seed = space, kind.startup if startup is None else startup, seed
        self.budgets = tuple(budgets)
        self.distributions = slot_distributions(space)
        self._nearest = Nearest(space, budgets)
        self._kind, self._inner = kind, kind.make(seed, self._nearest)
        # Asked for the search space only, since it reads the history incrementally.
        self._scout = self._inner if kind.law else kind.make(seed, self._nearest)
        codes = self._nearest.feasible.sample(1, np.random.default_rng(seed))  # InfeasibleError, if there is none
        self.example = space.genomes(codes)  # one feasible genome, (1, slots)
        self._seen: set[bytes] = set()
        self._read = 0

    def infer_relative_search_space(self, study: OptunaStudy, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return dict(self.distributions)

    def sample_relative(
        self, study: OptunaStudy, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        rng = np.random.default_rng([self.seed, trial.number])
        own = int(rng.integers(2**31))
        if not self._kind.law:
            self._inner = self._kind.make(own, self._nearest)
        self._note_history(study, trial)
        if self._inner is None or trial.number < self.startup:
            codes = self._unseen(rng)
        else:
            codes = self._nearest.find(self._proposal(study, trial), self._taken, rng)
        if codes is None:
            raise Exhausted
        genome = self.space.genomes(codes[None])[0]
        return {slot: int(choice) for slot, choice in zip(self.space.slots, genome, strict=True)}

    def _proposal(self, study: OptunaStudy, trial: FrozenTrial) -> Codes:
        """What the inner sampler would try: the option of each part."""
        assert self._inner is not None
        assert self._scout is not None
        wish = self._inner.sample_relative(study, trial, self._scout.infer_relative_search_space(study, trial))
        for slot, distribution in self.distributions.items():
            if slot not in wish:
                wish[slot] = self._inner.sample_independent(study, trial, slot, distribution)
        genome = genome_of(wish, self.space)
        assert genome is not None
        return np.asarray(self.space.codes(genome[None])[0])

    def _unseen(self, rng: np.random.Generator) -> Codes | None:
        """A uniform draw from the feasible architectures that were not evaluated yet."""
        for _ in range(64):
            codes = np.asarray(self._nearest.feasible.sample(1, rng)[0])
            if not self._taken(codes):
                return codes
        return self._nearest.find(codes, self._taken, rng)

    def _taken(self, codes: Codes) -> bool:
        return codes.tobytes() in self._seen

    def _note_history(self, study: OptunaStudy, current: FrozenTrial) -> None:
        """Remember the architectures of all trials before the current one."""
        trials = study.get_trials(deepcopy=False)
        for trial in trials[self._read : current.number]:
            genome = genome_of(trial.params, self.space)
            if genome is not None:
                self._seen.add(self.space.codes(genome[None])[0].tobytes())
        self._read = current.number

    def sample_independent(
        self, study: OptunaStudy, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        raise StudyError(f"{param_name!r} is no slot of {self.space.name}; suggest what slot_distributions lists")

    def before_trial(self, study: OptunaStudy, trial: FrozenTrial) -> None:
        if self._inner is not None:
            self._inner.before_trial(study, trial)

    def after_trial(
        self, study: OptunaStudy, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        if self._inner is not None:
            self._inner.after_trial(study, trial, state, values)


def slot_distributions(space: Space) -> dict[str, BaseDistribution]:
    """The slots as Optuna sees them: always the same, never conditional; choices keep the order of the table."""
    return {slot: IntDistribution(0, choices - 1) for slot, choices in space.slots.items()}


def genome_of(params: Mapping[str, Any], space: Space) -> Genomes | None:
    """The genome (slots,) in a trial's parameters; None for a trial that has none yet."""
    if any(slot not in params for slot in space.slots):
        return None
    return np.array([params[slot] for slot in space.slots], dtype=np.int8)


optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
