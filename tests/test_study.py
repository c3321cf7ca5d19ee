"""A search keeps what it has found, whatever happens to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import nas
import search_spaces
from nas import Budget
from nas.errors import EvaluatorError, FileError, InfeasibleError, StudyError
from nas.evaluators import About, Score
from nas.graph import cost
from nas.lowering import lower
from nas.ranking import nondominated
from nas.study.samplers import SAMPLERS, FeasibleSampler, slot_distributions

MACRO = search_spaces.load("nasbench_macro")
CAP = [Budget.parse("60M-flops")]


def toward_two_million(architecture) -> float:
    """A cheap stand-in for accuracy: largest at two million parameters."""
    return -abs(cost(lower(architecture, 10)).params - 2_000_000) / 1e6


def same(first: nas.Study, second: nas.Study) -> bool:
    return [t.genome.tolist() for t in first.trials] == [t.genome.tolist() for t in second.trials]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_trial_is_feasible_and_new(sampler):
    study = nas.search(MACRO, CAP, toward_two_million, trials=160, sampler=sampler)
    assert all(trial.costs["macs"] <= CAP[0].high for trial in study.trials)
    assert len({trial.genome.tobytes() for trial in study.trials}) == 160
    assert study.best.score.value == max(trial.score.value for trial in study.trials)


class Parameters:
    """A smooth stand-in for accuracy that needs no graph: as many parameters as the macs allow."""

    about, cheap = About("parameters"), True
    space = search_spaces.load("efficientnet")

    def evaluate(self, architectures, seed=0):
        genomes = np.array([self.space.encode(architecture) for architecture in architectures])
        return [Score(float(params)) for params in self.space.costs(genomes, ("params",))["params"]]


def test_a_search_beats_chance_with_as_many_evaluations():
    space, cap = search_spaces.load("efficientnet"), [Budget.parse("200M-flops")]
    study = nas.search(space, cap, Parameters(), trials=400)
    base, chance = study.baselines
    assert base.name == "efficientnet_b0"
    assert base.note == "over budget, 385.8M macs"
    assert chance.note == "best of 400"
    assert study.best.score.value > chance.score.value


def test_a_study_without_budgets_searches_the_whole_space():
    assert len(nas.search(MACRO, evaluator=toward_two_million, trials=20).trials) == 20


def test_a_small_feasible_set_is_exhausted_and_says_so():
    budget = [Budget.parse("10M-flops")]
    study = nas.search(MACRO, budget, toward_two_million, trials=500)
    assert study.exhausted
    assert len(study.trials) == MACRO.count(budget)


def test_the_same_seed_gives_the_same_study_and_another_seed_another():
    first, second = (nas.search(MACRO, CAP, toward_two_million, trials=120) for _ in range(2))
    assert same(first, second)
    assert not same(first, nas.search(MACRO, CAP, toward_two_million, trials=120, seed=1))


def test_a_finished_study_reprints_its_result_without_evaluating(tmp_path):
    first = nas.search(MACRO, CAP, toward_two_million, trials=30, out=tmp_path / "run")
    calls = []

    def counted(architecture):
        calls.append(architecture)
        return toward_two_million(architecture)

    counted.__module__, counted.__qualname__ = toward_two_million.__module__, toward_two_million.__qualname__
    again = nas.search(MACRO, CAP, counted, trials=30, out=tmp_path / "run")
    assert not calls
    assert again.best.genome.tolist() == first.best.genome.tolist()


def test_an_evaluator_that_fails_loses_its_candidate_and_not_the_search(tmp_path):
    def moody(architecture):
        macs = cost(lower(architecture, 10)).macs
        if macs % 3 == 0:
            raise RuntimeError("out of memory\nat line 2")
        return float("nan") if macs % 3 == 1 else 1.0

    study = nas.search(MACRO, CAP, moody, trials=60, out=tmp_path / "run")
    reasons = {trial.reason for trial in study.trials}
    assert reasons == {"RuntimeError: out of memory", "returned nan", ""}
    assert len(study.trials) == 60
    assert all((trial.score is None) == bool(trial.reason) for trial in study.trials)
    assert len(nas.search(MACRO, CAP, moody, trials=60, out=tmp_path / "run").scored) == len(study.scored)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("good", "returned str"),
        ("12", "returned str"),
        (True, "returned bool"),
        (None, "returned NoneType"),
        (float("inf"), "returned inf"),
        ((1.0, 2.0, 0.0), "outside its interval"),
        ((1.0, float("nan"), 3.0), "returned [nan"),
        ((1.0, "a", 3.0), "instead of a number"),
    ],
)
def test_an_answer_that_is_no_number_is_a_failure(answer, reason):
    study = nas.search(MACRO, CAP, lambda architecture: answer, trials=1)
    assert reason in study.trials[0].reason
    assert study.best is None


def test_an_evaluator_may_give_an_interval():
    study = nas.search(MACRO, CAP, lambda architecture: (1.0, 0.5, 1.5), trials=2)
    assert study.best.score == Score(1.0, 0.5, 1.5)


def test_several_objectives_give_a_front():
    study = nas.search(MACRO, CAP, toward_two_million, trials=120, objectives=("score", "macs"))
    macs = [trial.costs["macs"] for trial in study.front]
    scores = [trial.score.value for trial in study.front]
    assert macs == sorted(macs)
    assert scores == sorted(scores)
    assert len(study.front) > 3


@pytest.mark.parametrize("seed", range(5))
def test_the_front_is_what_no_other_point_beats(seed):
    points = np.random.default_rng(seed).integers(0, 6, size=(40, 2)).astype(float)
    by_hand = {tuple(p) for p in points if not any((q <= p).all() and (q < p).any() for q in points)}
    assert {tuple(points[i]) for i in nondominated(points)} == by_hand


# -- durable --------------------------------------------------------------------------------------------------

SCRIPT = """
import sys, time
import nas, search_spaces
from nas import Budget
from test_study import toward_two_million

def slow(architecture):
    time.sleep(0.01)
    return toward_two_million(architecture)

if __name__ == "__main__":
    out, workers, storage = sys.argv[1], int(sys.argv[2]), sys.argv[3] or None
    def tell(done, trials, trial):
        print(done, flush=True)
    nas.search(search_spaces.load("nasbench_macro"), [Budget.parse("60M-flops")], slow, trials=120,
               out=out, workers=workers, storage=storage, progress=tell)
"""


def killed_after(script: Path, arguments: list[str], trials: int) -> int:
    """Run a search and kill -9 it when it has told of `trials` trials; how many it told of."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(
        [sys.executable, str(script), *arguments], stdout=subprocess.PIPE, text=True, env=environment, cwd=script.parent
    ) as run:
        for told in run.stdout:
            if int(told) >= trials:
                run.send_signal(signal.SIGKILL)
                return int(told)
    return -1


@pytest.mark.slow
@pytest.mark.parametrize(("workers", "storage"), [(1, False), (1, True), (3, False)])
def test_a_killed_search_keeps_its_trials_and_ends_as_if_it_had_not_been(tmp_path, workers, storage):
    script = tmp_path / "slow_search.py"
    script.write_text(SCRIPT)
    sys.path.insert(0, str(tmp_path))
    try:
        import slow_search
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("slow_search", None)
    slow_search.slow.__module__ = "__main__"
    url = f"sqlite:///{tmp_path}/study.db" if storage else ""
    told = killed_after(script, [str(tmp_path / "run"), str(workers), url], 40)
    assert told >= 40
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run(
        [sys.executable, str(script), str(tmp_path / "run"), str(workers), url],
        check=True,
        capture_output=True,
        env=environment,
        cwd=tmp_path,
    )
    whole_url = f"sqlite:///{tmp_path}/whole.db" if storage else ""
    subprocess.run(
        [sys.executable, str(script), str(tmp_path / "whole"), str(workers), whole_url],
        check=True,
        capture_output=True,
        env=environment,
        cwd=tmp_path,
    )
    interrupted, whole = (
        nas.search(MACRO, CAP, slow_search.slow, trials=120, out=tmp_path / folder, storage=storage_url or None)
        for folder, storage_url in (("run", url), ("whole", whole_url))
    )
    assert interrupted.resumed
    assert whole.resumed
    assert sorted(t.genome.tolist() for t in interrupted.trials) == sorted(t.genome.tolist() for t in whole.trials)


def test_a_line_torn_by_a_kill_is_dropped(tmp_path):
    whole = nas.search(MACRO, CAP, toward_two_million, trials=12)
    nas.search(MACRO, CAP, toward_two_million, trials=10, out=tmp_path)
    journal = tmp_path / "study.journal"
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "worker_id"')
    assert same(nas.search(MACRO, CAP, toward_two_million, trials=12, out=tmp_path), whole)


@pytest.mark.slow
def test_two_processes_share_a_database_without_evaluating_twice(tmp_path):
    script = tmp_path / "slow_search.py"
    script.write_text(SCRIPT)
    url = f"sqlite:///{tmp_path}/study.db"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    runs = [
        subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / f"run{i}"), "1", url], env=environment, cwd=tmp_path
        )
        for i in range(2)
    ]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    import optuna

    storage = optuna.storages.RDBStorage(url)
    done = [
        t for t in optuna.load_study(study_name="nasbench_macro", storage=storage).trials if t.state.name == "COMPLETE"
    ]
    genomes = [tuple(t.params.values()) for t in done]
    assert 120 <= len(done) <= 122
    assert len(set(genomes)) == len(genomes)


def test_whole_trials_are_written_200_times_a_second(tmp_path):
    import optuna

    from nas.study.ledger import NOTE, journal
    from nas.study.settings import settings_of

    space = search_spaces.load("efficientnet")
    settings = settings_of(space, CAP, About("test"), ("score",), "nsga2", 0)
    ledger = journal(tmp_path / "study.journal", settings, claiming=False)
    slots = slot_distributions(space)
    trial = optuna.trial.create_trial(
        params=dict.fromkeys(slots, 0), distributions=slots, value=1.0, user_attrs={NOTE: {"score": [1.0, 0.0, 2.0]}}
    )
    begin = time.perf_counter()
    for _ in range(50):
        ledger.finish(trial)
    assert len(ledger.news()) == 50
    print(f"{50 / (time.perf_counter() - begin):.0f} trials/s")  # told, not asserted: benchmarks/ measure it


# -- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"budgets": [Budget.parse("50M-flops")]}, "budgets"),
        ({"seed": 1}, "seed"),
        ({"sampler": "random"}, "sampler"),
        ({"evaluator": lambda architecture: 0.0}, "evaluator"),
        ({"objectives": ("score", "macs")}, "objectives"),
    ],
)
def test_a_folder_that_holds_another_study_is_refused(tmp_path, change, told):
    arguments = {"budgets": CAP, "evaluator": toward_two_million, "trials": 5, "out": tmp_path}
    nas.search(MACRO, **arguments)
    with pytest.raises(StudyError, match=f"another study.*{told}"):
        nas.search(MACRO, **{**arguments, **change})


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("chapter 1")
    with pytest.raises(StudyError, match="holds no study"):
        nas.search(MACRO, CAP, toward_two_million, trials=5, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name != ".lock"] == ["thesis.tex"]


def test_a_folder_in_use_is_refused(tmp_path):
    from nas.study.lock import locked

    with locked(tmp_path), pytest.raises(StudyError, match="in use"):
        nas.search(MACRO, CAP, toward_two_million, trials=5, out=tmp_path)


def test_a_path_that_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        nas.search(MACRO, CAP, toward_two_million, trials=5, out=tmp_path / "file")


def test_a_storage_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "x.db").write_text("not a database, but long enough to look like a file of one" * 50)
    for url in (f"sqlite:///{tmp_path}/x.db", "nonsense://x", f"sqlite:///{tmp_path}/no/such/folder/x.db"):
        with pytest.raises(StudyError) as refusal:
            nas.search(MACRO, CAP, toward_two_million, trials=5, storage=url)
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"evaluator": None}, EvaluatorError, "no default evaluator"),
        ({"evaluator": "accel_nasbenchh"}, EvaluatorError, "did you mean"),
        ({"evaluator": "python:function=no_such_module.f"}, EvaluatorError, "cannot import"),
        ({"evaluator": "python:function=json.no_such_function"}, EvaluatorError, "has no no_such_function"),
        ({"evaluator": "python"}, EvaluatorError, "write python:function="),
        ({"sampler": "tpee"}, StudyError, "did you mean 'tpe'"),
        ({"objectives": ("macs",)}, StudyError, "name 'score'"),
        ({"objectives": ("score", "speed")}, StudyError, "no objective 'speed'"),
        ({"trials": 0}, StudyError, "at least 1"),
        ({"budgets": [Budget.parse("1M-flops")]}, InfeasibleError, "the least that it reaches"),
        ({"workers": 2, "evaluator": lambda architecture: 1.0}, StudyError, "cannot be sent"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_written(tmp_path, arguments, error, message):
    given = {"budgets": CAP, "evaluator": toward_two_million, "trials": 3, "out": tmp_path / "run", **arguments}
    with pytest.raises(error, match=message):
        nas.search(MACRO, **given)
    assert not (tmp_path / "run" / "study.journal").exists() or message == "cannot be sent"


def test_our_sampler_serves_a_plain_optuna_study():
    import optuna

    sampler = FeasibleSampler(MACRO, CAP, SAMPLERS["tpe"], seed=0, startup=5)
    study = optuna.create_study(sampler=sampler)

    def objective(trial):
        genome = [trial.suggest_int(slot, 0, size - 1) for slot, size in MACRO.slots.items()]
        costs = MACRO.cost(genome)
        assert costs["macs"] <= CAP[0].high
        return costs["params"]

    study.optimize(objective, n_trials=15)
    assert len({tuple(t.params.values()) for t in study.trials}) == 15


def test_trials_are_plain_json_in_the_journal(tmp_path):
    nas.search(MACRO, CAP, toward_two_million, trials=3, out=tmp_path)
    for line in (tmp_path / "study.journal").read_text().splitlines():
        json.loads(line)
