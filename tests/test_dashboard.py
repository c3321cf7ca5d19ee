"""Studies open in optuna-dashboard and show what is feasible there.

optuna-dashboard 0.21 reads `trial.system_attrs["constraints"]` (its `_serializer.py`) and serves them; its page calls a
trial feasible where all are at most 0. Where it is installed, its own server is asked (marked oracle).
"""

from __future__ import annotations

import io
import json
from wsgiref.util import setup_testing_defaults

import optuna
import pytest
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from test_study import MACRO, toward_two_million

import nas
from nas.budget import Budget
from nas.study.constraints import CONSTRAINTS, constraints_of
from nas.study.ledger import NOTE

DASHBOARD_KEY = "constraints"
BAND = ["50M..60M-flops", "2M-params"]


@pytest.mark.parametrize(("workers", "sql"), [(1, False), (1, True), pytest.param(2, False, marks=pytest.mark.slow)])
def test_a_dashboard_sees_every_trial_within_its_budgets(tmp_path, workers, sql):
    url = f"sqlite:///{tmp_path}/study.db" if sql else None
    study = nas.search(
        MACRO, BAND, toward_two_million, trials=6, workers=workers, storage=url, out=None if sql else tmp_path / "run"
    )
    storage = RDBStorage(url) if url else JournalStorage(JournalFileBackend(str(tmp_path / "run" / "study.journal")))
    opened = optuna.load_study(study_name=MACRO.name, storage=storage)
    assert len(opened.trials) == len(study.trials) == 6
    for trial, ours in zip(opened.trials, study.trials, strict=True):
        told = trial.system_attrs[DASHBOARD_KEY]
        macs, params = ours.costs["macs"], ours.costs["params"]
        assert told == pytest.approx([macs / 60e6 - 1, 1 - macs / 50e6, params / 2e6 - 1])
        assert all(isinstance(excess, float) and excess <= 0 for excess in told)
        assert list(trial.constraints.values()) == told  # Optuna 5 reads the same


def test_a_network_over_its_budget_is_infeasible():
    budgets = [Budget.parse("100M..200M-macs"), Budget.parse("2M-params")]
    assert constraints_of({"macs": 300_000_000, "params": 1_000_000}, budgets) == pytest.approx([0.5, -2.0, -0.5])
    assert constraints_of({"macs": 50_000_000, "params": 1_000_000}, budgets) == pytest.approx([-0.75, 0.5, -0.5])
    assert constraints_of({"macs": 1}, []) == []


def test_a_search_without_budgets_has_no_constraints(tmp_path):
    nas.search(MACRO, [], toward_two_million, trials=2, out=tmp_path / "run")
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "run" / "study.journal")))
    opened = optuna.load_study(study_name=MACRO.name, storage=storage)
    assert all(DASHBOARD_KEY not in trial.system_attrs for trial in opened.trials)


# -- what its server says -------------------------------------------------------------------------------------


def served(app, path):
    """The JSON that a WSGI app answers a GET with."""
    environ, answered = {"PATH_INFO": path, "wsgi.input": io.BytesIO()}, []
    setup_testing_defaults(environ)
    body = b"".join(app(environ, lambda status, headers, *_: answered.append(status)))
    assert answered[0].startswith("200"), (answered, body[:200])
    return json.loads(body)


@pytest.mark.oracle
@pytest.mark.parametrize("sql", [False, True])
def test_the_dashboard_serves_feasible_and_infeasible_trials_apart(tmp_path, sql):
    dashboard = pytest.importorskip("optuna_dashboard")
    url = f"sqlite:///{tmp_path}/study.db" if sql else None
    nas.search(MACRO, BAND, toward_two_million, trials=4, storage=url, out=None if sql else tmp_path / "run")
    # The same trials under a budget that half of them break: a search never evaluates such a network.
    path = str(tmp_path / "run" / "study.journal")
    storage = RDBStorage(url) if url else JournalStorage(JournalFileBackend(path))
    opened = optuna.load_study(study_name=MACRO.name, storage=storage)
    costs = [trial.user_attrs[NOTE]["costs"] for trial in opened.trials]
    cap = Budget("macs", 0, sorted(one["macs"] for one in costs)[1])
    for trial, told in zip(opened.trials, costs, strict=True):
        opened.add_trial(
            optuna.trial.create_trial(
                values=trial.values,
                params=trial.params,
                distributions=trial.distributions,
                system_attrs={CONSTRAINTS: constraints_of(told, [cap])},
            )
        )
    app = dashboard.wsgi(url or storage)
    (study,) = served(app, "/api/studies")["study_summaries"]
    rows = served(app, f"/api/studies/{study['study_id']}")["trials"]
    feasible = [bool(row["constraints"]) and all(one <= 0 for one in row["constraints"]) for row in rows]
    assert feasible[:4] == [True] * 4
    assert feasible[4:] == [cap.admits(one) for one in costs]
    assert sorted(feasible[4:]) == [False, False, True, True]
    assert [len(row["constraints"]) for row in rows] == [3] * 4 + [1] * 4
