"""Measuring in turns, fitting what was measured, and benchmarks: laws that need no stopwatch."""

from __future__ import annotations

import numpy as np
import pytest
from pretended import CALL, PER_OP, Pretended, exact

from nas.latency.benchmarking import benchmark
from nas.latency.finalists import Finalist, common_factor
from nas.latency.fitting import affine, coefficients, cross_validated, rank_correlation
from nas.latency.measuring import Measured, busy, measure
from nas.networks import load_network


def test_one_disturbed_round_changes_no_figure():
    steady = np.full(9, 1e-3)
    disturbed = steady.copy()
    disturbed[4] = 1.0
    found = Measured({"steady": steady, "disturbed": disturbed}, None)
    assert found.nanoseconds("steady") == found.nanoseconds("disturbed") == 1_000_000


def test_noise_is_how_far_two_halves_of_the_rounds_differ():
    found = Measured({"a": np.array([1.0, 1.1] * 5), "b": np.array([2.0, 2.0] * 5)}, None)
    assert found.noise(["a", "b"]) == pytest.approx((0.1 / 1.1) / 2 / 2**0.5)


def test_each_round_has_every_network_once_in_another_order():
    asked: list[str] = []

    def timer(name):
        def seconds(runs):
            asked.append(name)
            return runs * 1e-3

        return seconds

    found = measure({name: timer(name) for name in "abcd"}, np.random.default_rng(0), 0.0)
    taken = asked[8:][::2]  # behind two warm-ups each, every figure has a run of its own in front
    rounds = [tuple(taken[at : at + 4]) for at in range(0, len(taken), 4)]
    assert found.rounds == len(rounds) == 6
    assert {frozenset(one) for one in rounds} == {frozenset("abcd")}
    assert len(set(rounds)) > 1


def test_a_machine_whose_samples_are_interrupted_is_called_busy():
    assert busy(1, 0.0) == ""
    assert "50% of the samples" in busy(1, 0.5)


def test_threads_that_take_turns_on_too_few_cores_are_told_as_such():
    assert "1000000 threads share" in busy(1_000_000, 0.9)


@pytest.mark.parametrize(
    ("measured", "error", "factor"),
    [
        ((195, 190, 200), 0.02, 1.95),  # another pace, the same for all
        ((50, 51, 49), 0.02, 0.5),
        ((195, 140, 260), 0.02, None),  # no common factor
        ((104, 103, 105), 0.02, None),  # what a prediction is off by anyway
        ((195, 140, 260), 0.15, 1.95),
        ((195,), 0.02, None),  # of one there is no telling
    ],
)
def test_a_common_factor_is_told_where_finalists_agree_and_chance_is_no_reason(measured, error, factor):
    rows = [Finalist(str(ns), 100, ns) for ns in measured]
    assert common_factor(rows, error) == (factor if factor is None else pytest.approx(factor))


def test_the_fit_finds_the_scale_and_the_offset_again():
    sums = np.array([1.0, 2.0, 3.0, 5.0]) * 1e6
    assert affine(sums, 1.25 * sums + 3e5) == pytest.approx((1.25, 3e5))
    assert cross_validated(sums, 1.25 * sums + 3e5) == pytest.approx(0, abs=1e-9)
    scale, offset = affine(sums, sums - 1e5)  # no network takes less than nothing beside its blocks
    assert offset == 0
    assert scale < 1


def test_the_coefficients_of_features_are_found_again_and_never_negative():
    rng = np.random.default_rng(0)
    rows = rng.random((30, 4)) * [1e6, 1e3, 1.0, 0.0]
    assert coefficients(rows, rows @ [2.0, 5.0, 700.0, 0.0])[:3] == pytest.approx([2.0, 5.0, 700.0])
    assert (coefficients(rows, rng.random(30) + 0.5) >= 0).all()


def test_rank_correlation_is_scipys():
    from scipy.stats import spearmanr

    one, other = [3.0, 1.0, 4.0, 1.0, 5.0], [2.0, 7.0, 1.0, 8.0, 2.0]
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other)[0])


def test_a_benchmark_is_in_the_order_that_was_asked_for():
    found = benchmark(["lenet5", "b0"], [Pretended(), Pretended(name="other")], seconds=0.0)
    assert [(row.network, row.on.runtime) for row in found.timings] == [
        ("lenet5", "pretended"),
        ("lenet5", "other"),
        ("b0", "pretended"),
        ("b0", "other"),
    ]
    assert found.timings[2].median == pytest.approx(exact(load_network("b0").graph), rel=1e-6)
    assert found.timings[0].median > CALL + PER_OP
