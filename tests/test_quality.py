"""How well an evaluator ranks: a whole assessment, its laws, and the verdict's rule."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from labelled import COSTS, FEW, GENOMES, MACS, additive, labels_of

from nas.quality import quality_of
from nas.quality.verdict import CARE, NOT, UNTOLD, USE, Case, Figure, verdict

# -- a whole assessment -----------------------------------------------------------------------------------


def test_a_perfect_evaluator_is_to_be_used():
    truth = additive()
    told = quality_of(truth**3, labels_of(truth), draws=FEW, baselines=COSTS)
    assert (told["spearman"], told["regret"], told["in_band"]["spearman"]) == (1, 0, 1)
    assert told["spearman_interval"] == [1, 1]
    assert told["verdict"] == USE
    assert json.loads(json.dumps(told)) == told


def test_random_scores_have_intervals_that_hold_0_nine_times_in_ten():
    labels = labels_of(additive()[:150])
    every = [(int(MACS.min()), int(MACS.max()))]
    held = []
    for seed in range(40):
        scores = np.random.default_rng(seed).normal(size=len(labels))
        told = quality_of(scores, labels, baselines={}, ranges=every, seed=seed, draws=60)
        low, high = told["in_band"]["spearman_interval"]
        held.append(low <= 0 <= high)
        assert told["verdict"] == (NOT if low <= 0 else CARE)
    assert sum(held) >= 29  # of 40 draws of a probability of .9, 99.9 % are as many


def test_scores_turned_around_are_told_as_backwards():
    truth = additive()
    told = quality_of(-truth, labels_of(truth), draws=FEW, baselines=COSTS)
    assert told["verdict"] == NOT
    assert "backwards" in told["why"]


def test_rows_of_one_network_count_once_and_are_never_split():
    truth = additive()[:60]
    once = quality_of(np.sqrt(truth + 99), labels_of(truth), draws=FEW)
    rows = np.repeat(np.arange(60), 3)
    thrice = quality_of(np.sqrt(truth + 99)[rows], labels_of(truth).take(rows), draws=FEW)
    assert thrice == once
    assert once["n"] == 60


def test_the_same_seed_gives_the_same_intervals_and_another_one_others():
    truth = additive()
    scores = truth + np.random.default_rng(1).normal(size=len(truth))
    one, again, other = (quality_of(scores, labels_of(truth), seed=seed, draws=FEW, baselines={}) for seed in (0, 0, 1))
    assert one == again
    assert one["spearman"] == other["spearman"]
    assert one["spearman_interval"] != other["spearman_interval"]


def test_an_interval_of_spearman_is_as_wide_as_theory_says():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=len(GENOMES))
    scores = truth + rng.normal(size=len(truth)) * 2
    told = quality_of(scores, labels_of(truth), baselines={}, draws=400)
    # Fisher's z with Bonett & Wright's variance (1 + rho²/2) / (n - 3): Psychometrika 65 (2000), 23
    rho = told["spearman"]
    half = 1.645 * np.sqrt((1 + rho**2 / 2) / (len(truth) - 3))
    ends = np.tanh(np.arctanh(rho) + np.array([-half, half]))
    np.testing.assert_allclose(told["spearman_interval"], ends, atol=0.03)


# -- the verdict ------------------------------------------------------------------------------------------

SURE = Case((0.8, 0.9), Figure(0.85, 0.8, 0.9), "params", 0.3, Figure(0.55, 0.4, 0.7), asked=100)


@pytest.mark.parametrize(
    ("changed", "word", "reason"),
    [
        ({}, USE, "above params, the best baseline (0.30)"),
        ({"median": None}, UNTOLD, "No band of macs"),
        ({"median": Figure(0.2, -0.01, 0.4)}, NOT, "may be chance"),
        ({"median": Figure(-0.5, -0.6, -0.4)}, NOT, "is backwards"),
        ({"rival_median": 0.86}, NOT, "and params alone at 0.86"),
        ({"lead": Figure(0.1, -0.1, 0.3)}, CARE, "not for sure"),
        ({"median": Figure(0.6, 0.4, 0.7)}, CARE, "but weak"),
        ({"in_bands": (0.9, -0.1)}, CARE, "it ranks backwards in 1 of 2 bands".capitalize()),
        ({"failed": 6}, CARE, "6 of 100 networks have no score"),
        ({"failed": 5}, USE, ""),
        ({"seen": 100}, CARE, "100 of the 100 networks were used to fit it and no others have labels"),
        ({"seen": 90}, CARE, "90 of the 100 networks were used to fit it and too few others have labels"),
        ({"left_out": 20}, USE, "20 networks that it was fitted on are left out."),
    ],
)
def test_the_verdict_follows_its_rule(changed, word, reason):
    found, why = verdict(replace(SURE, **changed))
    assert found == word
    assert reason in why


def test_params_is_no_rival_of_itself():
    told = quality_of(COSTS["params"], labels_of(COSTS["params"]), draws=FEW, baselines=COSTS)
    assert told["in_band"]["baselines"]["params"] == 1
    assert told["in_band"]["best_baseline"] != "params"
    assert told["verdict"] == USE


def test_equal_scores_rank_nothing():
    told = quality_of(np.ones(len(GENOMES)), labels_of(additive()), draws=FEW, baselines=COSTS)
    assert (told["spearman"], told["in_band"]["spearman"]) == (0, 0)
    assert told["verdict"] == NOT
