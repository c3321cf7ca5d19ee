"""Figures of a ranking against scipy and by hand, the bands that they are told in, and the noise of labels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import FEW, MACS, additive, labels_of
from scipy.stats import kendalltau, spearmanr

from nas.correlation import agreed, kendall, spearman
from nas.errors import BudgetError
from nas.quality import quality_of
from nas.quality.bands import bands, width_of
from nas.quality.figures import FIGURES, recall, regret, regret_share
from nas.quality.noise import noise

numbers = st.lists(st.integers(-20, 20), min_size=12, max_size=40)

# -- figures ----------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=5, max_size=30))
def test_rank_correlations_are_scipys_ties_and_all(pairs):
    one, other = np.array(pairs, dtype=np.float64).T
    if np.ptp(one) and np.ptp(other):
        assert spearman(one[None], other[None])[0] == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)
        assert kendall(one[None], other[None])[0] == pytest.approx(kendalltau(one, other).statistic, abs=1e-12)
    else:
        assert spearman(one[None], other[None])[0] == kendall(one[None], other[None])[0] == 0


def test_two_arrays_agree_where_both_are_finite_and_something_can_be_ranked():
    one, other = np.array([1.0, 2, 3, np.nan, 9]), np.array([2.0, 4, 3, 7, np.inf])
    assert agreed(one, other) == pytest.approx(spearmanr(one[:3], other[:3]).statistic)
    assert agreed(one, other, kendall) == pytest.approx(kendalltau(one[:3], other[:3]).statistic)
    assert agreed(one[:2], other[:2]) is agreed(np.ones(5), np.arange(5.0)) is None


def test_recall_and_regret_by_hand():
    labels = np.arange(20.0)[None]
    scores = np.zeros((1, 20))
    scores[0, [19, 3]] = 5, 7  # the two picked: the best, and the fourth from below
    assert recall(scores, labels)[0] == 0.5
    assert regret(scores, labels)[0] == 19 - 3
    assert regret_share(scores, labels)[0] == pytest.approx(16 / (19 - 9.5))
    assert recall(np.zeros((1, 20)), labels)[0] == pytest.approx(0.1)  # a draw among ties, on average
    assert regret_share(np.zeros((1, 20)), labels)[0] == 1  # and its expected label is the mean


@given(numbers)
def test_a_monotone_transform_of_the_scores_changes_nothing(values):
    scores = np.array(values, dtype=np.float64)[None]
    labels = np.random.default_rng(len(values)).normal(size=scores.shape)
    for figure in FIGURES.values():
        assert figure(np.exp(scores / 10) - 3, labels)[0] == pytest.approx(figure(scores, labels)[0])


@given(numbers)
def test_a_perfect_evaluator_has_spearman_1_and_no_regret(values):
    labels = np.array(values, dtype=np.float64)[None]
    if np.ptp(labels):
        found = {name: figure(2 * labels + 1, labels)[0] for name, figure in FIGURES.items()}
        assert found == pytest.approx({**dict.fromkeys(found, 1.0), "regret": 0.0, "regret_share": 0.0})


# -- bands ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [0.02, 0.05, 0.3])
def test_bands_do_not_overlap_and_hold_twenty_networks(width):
    found = bands(MACS, width)
    assert found
    assert all(len(band.rows) >= 20 for band in found)
    assert all(band.low <= MACS[band.rows].min() <= MACS[band.rows].max() <= band.high for band in found)
    assert all(left.high < right.low for left, right in pairwise(found))


def test_networks_of_one_budget_make_one_band():
    assert len(bands(np.full(30, 10**8))) == 1
    assert bands(np.full(19, 10**8)) == []


@pytest.mark.parametrize("text", ["5", "0%", "100%", "-5%", "five%", ""])
def test_a_bad_band_is_one_line(text):
    with pytest.raises(BudgetError, match="write a percentage"):
        width_of(text)
    assert width_of("2.5%") == 0.025


# -- noise ------------------------------------------------------------------------------------------------


def test_the_noise_of_labels_is_what_was_put_in():
    rng = np.random.default_rng(3)
    truth = additive() * 2
    runs = truth[:, None] + rng.normal(size=(len(truth), 3)) * 0.5
    told = noise(labels_of(runs))
    assert told["sd"] == pytest.approx(0.5, rel=0.1)
    assert told["freedom"] == 2 * len(truth)
    assert told["seed_to_seed"] == pytest.approx(
        np.mean([spearmanr(runs[:, i], runs[:, j]).statistic for i, j in ((0, 1), (0, 2), (1, 2))]), abs=0.005
    )
    # a perfect evaluator knows the truth, and no more
    assert told["ceiling"] == pytest.approx(np.corrcoef(truth, runs.mean(axis=1))[0, 1], abs=0.01)
    assert told["seed_to_seed_top10"] < told["seed_to_seed"]


def test_one_run_a_network_leaves_the_noise_unknown():
    truth = additive()
    assert noise(labels_of(truth)) is None
    assert quality_of(truth, labels_of(truth), draws=FEW, baselines={})["noise"] is None
