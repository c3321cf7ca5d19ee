"""Studies open in optuna-dashboard and show what is feasible there.

optuna-dashboard 0.21 reads `trial.system_attrs["constraints"]` (its `_serializer.py`): a list of numbers, of which all
must be at most 0. It need not be installed here.
"""

from __future__ import annotations

import optuna
import pytest
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from test_study import MACRO, toward_two_million

import nas
from nas.budget import Budget
from nas.study.constraints import constraints_of

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
