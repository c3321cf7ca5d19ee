"""Searching: propose, evaluate, write down, until enough architectures have been tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.budget import Budget, read_budgets
from nas.errors import EvaluatorError, StudyError
from nas.evaluators import evaluator_for
from nas.evaluators.checks import quality_in
from nas.evaluators.function import Function
from nas.evaluators.score import Evaluator, Failure, Score
from nas.lowering import Description
from nas.space import Genomes, Space
from nas.study.baselines import baselines_of
from nas.study.constraints import CONSTRAINTS, constraints_of, unmarked
from nas.study.finalists import with_finalists
from nas.study.ledger import NOTE, Ledger, database, journal
from nas.study.lock import locked
from nas.study.result import Study, Trial
from nas.study.samplers import Exhausted, FeasibleSampler, genome_of, sampler_for, sampler_named, slot_distributions
from nas.study.settings import directions_of, objectives_of, settings_of, tables_of
from nas.study.workers import Interrupts, Pool

TRIALS = 2000  # what the benchmark of results/search.md needs on the efficientnet space
JOURNAL = "study.journal"

Progress = Callable[[int, int, Trial], None]


def search(
    space: Space,
    budgets: Sequence[Budget | str] = (),
    evaluator: str | Function | Evaluator | None = None,
    *,
    trials: int = TRIALS,
    objectives: Sequence[str] = ("score",),
    sampler: str | None = None,
    workers: int = 1,
    storage: str | None = None,
    out: str | Path | None = None,
    seed: int = 0,
    check: str | Path | None = None,
    progress: Progress | None = None,
) -> Study:
    """The best architectures of `space` within `budgets` that `trials` distinct evaluations find.

    `evaluator` is a function of an Architecture that returns a number (larger is better), the name of a
    built-in one, or None for the space's own. `sampler` None means "model" for one objective and "nsga2" for
    several. With `out` (a folder) or `storage` (an SQL URL) every finished trial is durable and the same call
    resumes; with one worker it then ends as if it had never been interrupted, with K workers per synchronous batch
    of K. `check` is the file of a check of this evaluator, whose figures go into the record.
    `progress(done, trials, trial)` is called after each trial. Raises InfeasibleError when nothing fits, StudyError
    for a study that cannot be resumed.
    """
    if trials < 1 or workers < 1:
        raise StudyError(f"trials={trials}, workers={workers}: both must be at least 1")
    started = time.perf_counter()
    within = read_budgets(budgets)
    space = space.by_tables(tables_of(objectives, within))
    judge = evaluator_for(evaluator, space, within)
    quality = None if check is None else quality_in(check, judge.about, space)
    goals = objectives_of(objectives)
    for goal in goals[1:]:
        space.check_metric(goal)
    sampler = sampler_for(sampler, goals)
    settings = settings_of(space, within, judge.about, goals, sampler, seed)
    proposer = FeasibleSampler(space, within, sampler_named(sampler), seed=seed)
    with ExitStack() as stack:
        stack.enter_context(Interrupts())
        folder = None if out is None else Path(out)
        if folder is not None and storage is None:  # a database has locks of its own, and processes share it
            stack.enter_context(locked(folder))
        begun = folder is not None and storage is None and any(one.name != ".lock" for one in folder.iterdir())
        ledger = _ledger(folder, storage, settings, workers) if begun else None  # another study is refused first
        if judge.cheap:  # then a space outside its domain, before anything is written; this may buy labels
            _check_domain(judge, space.decode(proposer.example[0]))
        ledger = ledger or _ledger(folder, storage, settings, workers)
        pool = stack.enter_context(Pool(judge, space, workers, seed))
        run = Run(goals, proposer, ledger, pool)
        interrupted = resumed = False
        try:
            resumed = run.restore()
            run.go(trials, progress)
        except KeyboardInterrupt:
            interrupted = True
        done = tuple(run.done)
        study = Study(
            space=space,
            budgets=tuple(within),
            objectives=goals,
            about=judge.about if quality is None else replace(judge.about, quality=quality),
            trials=done,
            baselines=() if interrupted else baselines_of(space, within, judge, len(done), seed),
            seconds=time.perf_counter() - started,
            evaluated=run.evaluated,
            resumed=resumed,
            interrupted=interrupted,
            exhausted=run.exhausted,
            out=folder,
        )
        study = replace(study, remarks=_remarks(judge, study))
        return study if interrupted else with_finalists(study, seed)


def _check_domain(judge: Evaluator, example: Description) -> None:
    """EvaluatorError where a cheap evaluator cannot judge the space."""
    answer = judge.evaluate([example])[0]
    if isinstance(answer, Failure):
        raise EvaluatorError(answer.reason)


def _remarks(judge: Evaluator, study: Study) -> tuple[str, ...]:
    """What the evaluator has to say of the winner, where it has anything."""
    remark = getattr(judge, "remark", None)
    if study.best is None or remark is None:
        return ()
    return tuple(filter(None, [remark(study.architecture(study.best))]))


def _ledger(folder: Path | None, storage: str | None, settings: dict[str, Any], workers: int) -> Ledger | None:
    if storage is not None:
        return database(storage, settings)
    if folder is None:
        return None
    path = folder / JOURNAL
    if not path.exists() and any(other.name != ".lock" for other in folder.iterdir()):
        raise StudyError(f"{folder} is not empty and holds no study; choose another --out")
    return journal(path, settings, claiming=workers > 1)


class Run:
    """One search in progress: a study in memory for the sampler, a ledger for what must survive."""

    def __init__(self, goals: tuple[str, ...], sampler: FeasibleSampler, ledger: Ledger | None, pool: Pool) -> None:
        self.space, self.goals, self.ledger, self.pool = pool.space, goals, ledger, pool
        self.budgets = sampler.budgets
        self.memory = optuna.create_study(directions=directions_of(goals), sampler=sampler)
        self.slots = slot_distributions(self.space)
        self.done: list[Trial] = []
        self._begun: dict[bytes, FrozenTrial] = {}  # answers of a batch that a dead process had begun
        self.exhausted = False
        self.evaluated = 0

    def restore(self) -> bool:
        """Take over what the ledger holds, finishing what a dead process had claimed; whether there was anything.

        A batch is proposed before any of it is answered. One that was cut short is proposed again, so that the search
        ends as if it had not been interrupted; what of it was answered waits until then.
        """
        if self.ledger is None:
            return False
        orphans = self.ledger.orphans()
        for index, answer in self.pool.score([self._genome(trial) for trial in orphans]):
            self.ledger.finish(self._finished(orphans[index], answer), news=True)
            self.evaluated += 1
        found = self.ledger.news()
        whole = len(found) if self.ledger.shared else len(found) - len(found) % self.pool.workers
        self._learn(found[:whole])
        self._begun = {self._genome(trial).tobytes(): trial for trial in found[whole:]}
        return bool(found)

    def _learn(self, trials: Sequence[FrozenTrial]) -> None:
        """Take finished trials into the history."""
        for trial in trials:
            self.memory.add_trial(unmarked(trial))
            self._record(trial)

    def go(self, trials: int, progress: Progress | None) -> None:
        """Evaluate batch after batch until `trials` are done or no architecture is left."""
        while len(self.done) < trials and not self.exhausted:
            if self.ledger is not None and self.ledger.shared:
                self._learn(self.ledger.news())
            batch = self._propose(min(self.pool.workers, trials - len(self.done)))
            finished = {trial.number: known for trial in batch if (known := self._answered(trial)) is not None}
            asked = [trial for trial in batch if trial.number not in finished]
            for index, answer in self.pool.score([self._genome(trial) for trial in asked]):
                written = finished[asked[index].number] = self._finished(asked[index], answer)
                self.evaluated += 1
                if self.ledger is not None:
                    self.ledger.finish(written)
            for trial in batch:
                written = finished[trial.number]
                self.memory.tell(trial.number, written.values, written.state)
                latest = self._record(written)
                if progress is not None:
                    progress(len(self.done), trials, latest)
            self._learn_begun()
        self._learn_begun()

    def _learn_begun(self) -> None:
        """Take over the answers that no proposal asked for again: other numbers of workers make other batches."""
        self._learn(list(self._begun.values()))
        self._begun = {}

    def _answered(self, trial: FrozenTrial) -> FrozenTrial | None:
        """The answer to a proposal that a dead process had begun with."""
        return self._begun.pop(self._genome(trial).tobytes(), None)

    def _propose(self, count: int) -> list[FrozenTrial]:
        """Up to `count` candidates that nobody else evaluates."""
        batch: list[FrozenTrial] = []
        while len(batch) < count:
            try:
                number = self.memory.ask(self.slots).number
            except Exhausted:
                self.exhausted = not batch
                break
            trial = self.memory.get_trials(deepcopy=False)[number]
            genome = self._genome(trial)
            begun = genome.tobytes() in self._begun
            if self.ledger is None or begun or self.ledger.claim(trial, self._feasibility(self.space.cost(genome))):
                batch.append(trial)
            else:
                self.memory.tell(number, state=TrialState.FAIL)
        return batch

    def _genome(self, trial: FrozenTrial) -> Genomes:
        genome = genome_of(trial.params, self.space)
        assert genome is not None
        return genome

    def _finished(self, trial: FrozenTrial, answer: Score | Failure) -> FrozenTrial:
        """The trial with its answer, as it is written down."""
        costs = self.space.cost(self._genome(trial))
        note: dict[str, Any] = {"costs": costs}
        values: list[float] | None = None
        if isinstance(answer, Failure):
            note["reason"] = answer.reason
        else:
            note["score"] = asdict(answer)
            values = [answer.value if goal == "score" else float(costs[goal]) for goal in self.goals]
        written = create_trial(
            state=TrialState.FAIL if values is None else TrialState.COMPLETE,
            values=values,
            params=trial.params,
            distributions=trial.distributions,
            system_attrs={**trial.system_attrs, **self._feasibility(costs)},
            user_attrs={NOTE: note},
        )
        written.number = trial.number
        return written

    def _feasibility(self, costs: dict[str, int]) -> dict[str, Any]:
        """What a dashboard reads of a trial's budgets; nothing where there are none."""
        found = constraints_of(costs, self.budgets)
        return {CONSTRAINTS: found} if found else {}

    def _record(self, trial: FrozenTrial) -> Trial:
        note = trial.user_attrs[NOTE]
        score = Score(**note["score"]) if "score" in note else None
        genome = self._genome(trial)
        self.done.append(Trial(len(self.done), genome, note["costs"], score, note.get("reason", "")))
        return self.done[-1]
