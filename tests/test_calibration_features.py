"""Zero-cost scores as features of a calibration: measured for a pool, foretold for all others, kept for ever."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import search_spaces
from nas.calibration import Terms, calibration
from nas.calibration.calibrating import MEASURED
from nas.calibration.features import FeatureMap
from nas.calibration.terms import costly
from nas.calibration.zero_cost import NAMES, PENALTY, ScoreCache, ZeroCost, measured
from nas.errors import FileError
from nas.evaluators import Task, named_evaluator
from nas.evaluators.score import About
from nas.graph import cost
from nas.lowering import lower

MACRO = search_spaces.load("nasbench_macro")


@pytest.fixture
def scorings(monkeypatch):
    """Zero-cost scores that cost nothing: macs and noise of the network. The list says which were measured."""
    asked = []

    def features(architectures, num_classes, in_chans, *, seed, setting):
        graph = lower(architectures[0], num_classes, in_chans)
        asked.append((graph.digest(), seed))
        noise = np.random.default_rng([int(graph.digest()[:8], 16), seed]).normal(size=len(NAMES))
        scores = np.log(cost(graph).macs) + np.linspace(0, 1, len(NAMES)) * noise
        scores[-2:] = np.nan, -np.inf
        return {name: np.array([score]) for name, score in zip(NAMES, scores, strict=True)}

    monkeypatch.setattr("nas.calibration.zero_cost.features", features)
    return asked


def test_zero_cost_scores_are_measured_for_the_pool_alone_and_once(scorings, tmp_path):
    option = f"calibrated:labels=params,n=6,top=0,pool=30,proxies=yes,cache={tmp_path / 'labels.jsonl'}"
    made = named_evaluator(option, Task.of(MACRO))
    genomes = MACRO.sample(400, rng=np.random.default_rng(1))
    answers = made.evaluate([MACRO.decode(genome) for genome in genomes])
    assert all(np.isfinite(score.value) for score in answers)
    assert "proxies" in made.calibration.features.groups
    assert len(scorings) == len(set(scorings)) == 30 == len(ScoreCache(tmp_path / "zero_cost.jsonl"))
    again = named_evaluator(option, Task.of(MACRO))
    assert again.evaluate([MACRO.reference])[0].value == made.evaluate([MACRO.reference])[0].value
    assert len(scorings) == 30
    with pytest.raises(FileError, match="this version reads nascli"):
        ScoreCache(tmp_path / "labels.jsonl")


def test_other_seeds_and_other_formulas_are_measured_again(scorings, tmp_path, monkeypatch):
    pool, path = MACRO.sample(3, rng=np.random.default_rng(0)), tmp_path / "zero_cost.jsonl"
    first = measured(MACRO, pool, 0, path)
    assert not any(np.array_equal(measured(MACRO, pool, 1, path)[name], first[name]) for name in NAMES[1:-2])
    monkeypatch.setattr("nas.calibration.zero_cost.VERSION", "another")
    assert all(np.array_equal(measured(MACRO, pool, 0, path)[n], first[n], equal_nan=True) for n in NAMES)
    assert len(scorings) == 9 == len(ScoreCache(path))


def test_a_score_that_failed_is_foretold_for_others_from_those_that_did_not():
    pool, others = np.split(MACRO.sample(120, rng=np.random.default_rng(0)), [100])
    macs = np.log(MACRO.costs(pool, ("macs",))["macs"])
    half = np.where(np.arange(100) % 2, macs, np.nan)
    noise = np.random.default_rng(0).normal(size=100)
    scores = {"macs": macs, "half": half, "noise": noise, "none": np.full(100, np.nan)}
    found = ZeroCost(FeatureMap(MACRO, pool), pool, scores)
    truth = np.log(MACRO.costs(others, ("macs",))["macs"])
    for name in ("macs", "half"):
        assert found.r2[name] > 0.99
        assert found(others)[name] == pytest.approx(truth, abs=0.05)
        assert np.array_equal(found(pool)[name], scores[name], equal_nan=True)
    assert found.r2["noise"] < 0.2
    assert found.r2["none"] is None
    assert np.isnan(found(others)["none"]).all()


def test_the_left_out_r2_is_that_of_leaving_each_network_out():
    pool = MACRO.sample(30, rng=np.random.default_rng(0))
    plain, values = FeatureMap(MACRO, pool), np.random.default_rng(1).normal(size=30) + np.arange(30)
    design = np.concatenate([np.ones((30, 1)), *plain(pool).values()], axis=1)
    penalty = PENALTY * np.diag([0.0, *np.ones(design.shape[1] - 1)])
    errors = []
    for i in range(30):
        x, y = np.delete(design, i, axis=0), np.delete(values, i)
        errors.append(values[i] - design[i] @ np.linalg.solve(x.T @ x + penalty, x.T @ y))
    r2 = 1 - np.sum(np.square(errors)) / np.sum((values - values.mean()) ** 2)
    assert ZeroCost(plain, pool, {"score": values}).r2["score"] == pytest.approx(r2, abs=1e-4)


def test_zero_cost_scores_are_features_where_labels_cost_more_unless_told(shared):
    table = f"table,labels.path={shared / 'nas-bench-macro_cifar10.json'}"
    for labels, wanted in (("params", False), ("zen", False), (table, False)):
        assert named_evaluator(f"calibrated:labels={labels}", Task.of(MACRO)).terms.proxies is wanted
        assert named_evaluator(f"calibrated:proxies=yes,labels={labels}", Task.of(MACRO)).terms.proxies
    dear = SimpleNamespace(cheap=False, about=About(name="training", unit="points"))
    assert costly(dear)


def test_measuring_the_pool_is_told(scorings):
    told = []
    terms = Terms(MACRO, named_evaluator("params", Task.of(MACRO)), n=5, top=0, pool=60, proxies=True)
    calibration(terms, progress=told.append)
    assert told[0] == "5 labels: 5 networks"
    assert [line.partition(" (")[0] for line in told[1:3]] == ["label 1", "label 2"]
    assert [line.rpartition(",")[0] for line in told[3:5]] == [
        f"zero-cost scores of 60 networks: {count} measured" for count in (1, 50)
    ]


def test_of_a_large_pool_some_are_measured_and_all_that_are_labelled(scorings):
    terms = Terms(MACRO, named_evaluator("params", Task.of(MACRO)), n=10, top=3, seeds=1, pool=200, proxies=True)
    found = calibration(terms)
    measured = {digest for digest, _ in scorings}
    assert {MACRO.graph(genome).digest() for genome in found.labelled} <= measured
    assert len(scorings) == len(measured) == found.measured
    assert MEASURED <= found.measured <= MEASURED + 10 + 3
    assert found.quality["zero_cost_measured"] == found.measured
    macs = np.sort(MACRO.costs(found.pool, ("macs",))["macs"])
    rows = {MACRO.graph(genome).digest(): genome for genome in found.pool}
    spread = np.sort(MACRO.costs(np.array([rows[one] for one in measured]), ("macs",))["macs"])
    quantiles = np.linspace(0.05, 0.95, 10)
    assert np.quantile(spread, quantiles) == pytest.approx(np.quantile(macs, quantiles), rel=0.1)


@pytest.mark.slow
def test_zero_cost_scores_can_be_measured():
    made = named_evaluator("calibrated:labels=params,n=6,top=0,pool=12,proxies=yes", Task.of(MACRO))
    made.terms = replace(made.terms, scores=None)
    assert "proxies" in made.calibration.features.groups
    assert all(np.isfinite(score.value) for score in made.evaluate([MACRO.reference]))
