"""The figures that a report estimates: what each slot moves, and what a tenth more of a budget would buy."""

from __future__ import annotations

import numpy as np
import pytest
from test_study import CAP, MACRO, toward_two_million

import nas
from nas.budget import Budget
from nas.evaluators.score import About, Score
from nas.report.page.effects import SEEN, effects
from nas.report.page.nudges import BATCH, SIZES, climbed, stretched, visited
from nas.space.counting import listed

CHOICES = {"a": (1, 2, 3), "b": ("x", "y"), "c": (0, 1)}


def test_effects_are_those_that_the_scores_were_made_of():
    rng = np.random.default_rng(0)
    genomes = np.stack([rng.integers(len(values), size=400) for values in CHOICES.values()], axis=1).astype(np.int8)
    scores = np.array([0.0, 1.0, 4.0])[genomes[:, 0]] + 0.5 * genomes[:, 1] + rng.normal(0, 0.1, 400)
    found = effects(genomes, scores, 1e6 * genomes[:, 0], CHOICES)
    first, second, third = found.rows
    assert (first.slot, first.best, first.worst) == ("a", "3", "1")
    assert (first.gain, second.gain) == pytest.approx((4.0, 0.5), abs=0.05)
    assert first.low < first.gain < first.high
    assert first.macs == pytest.approx(2e6, rel=0.05)
    assert (first.told_apart, second.told_apart) == (True, True)
    assert third.gain < 0.05
    assert found.foretold > 0.98


def test_effects_of_noise_are_not_told_apart():
    apart = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        genomes = np.stack([rng.integers(2, size=200) for _ in range(3)], axis=1).astype(np.int8)
        found = effects(genomes, rng.normal(size=200), np.ones(200), dict.fromkeys("abc", (0, 1)))
        apart += [row.told_apart for row in found.rows]
        assert found.foretold < 0.05
    assert np.mean(apart) < 0.2  # the larger of two is above 0 in 10 of 100 by chance


def test_effects_agree_with_least_squares_where_trials_are_many():
    rng = np.random.default_rng(1)
    genomes = np.stack([rng.integers(len(values), size=5000) for values in CHOICES.values()], axis=1).astype(np.int8)
    scores = rng.normal(size=5000) + genomes @ np.array([0.3, -0.4, 0.2])
    columns = [np.ones(5000), *(genomes[:, 0] == 1, genomes[:, 0] == 2), genomes[:, 1], genomes[:, 2]]
    free = np.linalg.lstsq(np.stack(columns, axis=1).astype(float), scores, rcond=None)[0]
    found = {row.slot: row.gain for row in effects(genomes, scores, np.ones(5000), CHOICES).rows}
    assert found["a"] == pytest.approx(np.ptp([0, *free[1:3]]), abs=0.005)
    assert (found["b"], found["c"]) == pytest.approx(np.abs(free[3:]), abs=0.005)


@pytest.mark.parametrize("trials", [0, 5, SEEN])
def test_few_trials_tell_no_effects(trials):
    assert effects(np.zeros((trials, 3), dtype=np.int8), np.arange(trials) * 1.0, np.ones(trials), CHOICES) is None


class Judge:
    """Scores by the macs that a network has."""

    cheap, about = True, About("macs")

    def evaluate(self, architectures, seed=0):
        return [Score(float(nas.cost(nas.lower(one, 10)).macs)) for one in architectures]


def test_a_climb_ends_within_its_budget_where_no_neighbour_is_better():
    study = nas.search(MACRO, CAP, Judge(), trials=10, sampler="random")
    macs = MACRO.costs(MACRO.genomes(listed(MACRO)))["macs"]
    for nudge in climbed(study, Judge()):
        assert all(budget.admits(nudge.best.costs) for budget in nudge.budgets)
        assert nudge.best.score.value == nudge.best.macs
        cap = nudge.budgets[0].high
        start = max(t.macs for t in study.trials if t.macs <= cap)
        assert start <= nudge.best.macs <= macs[macs <= cap].max()
        assert nudge.best.macs > 0.97 * cap


def test_budgets_are_stretched_at_both_ends():
    assert stretched(Budget.parse("300M..400M-macs"), 1.1) == Budget("macs", 330_000_000, 440_000_000)
    assert stretched(Budget.parse("8ms-latency@t.json"), 0.9) == Budget("latency", 0, 7_200_000, table="t.json")


def test_a_climb_asks_for_no_more_than_it_may():
    study = nas.search(MACRO, CAP, Judge(), trials=3, sampler="random")
    for nudge in climbed(study, Judge(), 60):
        assert nudge.broken_off
        assert nudge.asked < 60 + 2 * BATCH  # a batch is asked for whole


def test_visited_trials_say_nothing_above_the_budget():
    study = nas.search(MACRO, CAP, toward_two_million, trials=30)
    found = {nudge.size: nudge.best for nudge in visited(study)}
    assert tuple(found) == SIZES
    assert found[1.1] is None
    assert found[1.0] is study.top
    assert found[0.9].macs <= 0.9 * 60e6
