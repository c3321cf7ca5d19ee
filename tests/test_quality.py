"""How well an evaluator ranks: figures against scipy and by hand, laws, noise, and the verdict's rule."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr
from test_cli import document, nascli

import nas
import search_spaces
from nas.budget import Budget
from nas.errors import BudgetError, EvaluatorError, FileError
from nas.evaluators import About, Failure, Score, Task, named_evaluator
from nas.labels import read_labels
from nas.labels.measured import Labels
from nas.quality import check_evaluator, quality_of
from nas.quality.bands import bands, width_of
from nas.quality.figures import FIGURES, kendall, recall, regret, regret_share, spearman
from nas.quality.noise import noise
from nas.quality.verdict import CARE, NOT, UNTOLD, USE, Case, Figure, verdict
from nas.report.quality import check_document, check_tables, write_check
from nas.report.standing import standing

MACRO = search_spaces.load("nasbench_macro")
GENOMES = MACRO.sample(400, rng=np.random.default_rng(0))
GENOMES = np.unique(GENOMES, axis=0)
MACS = MACRO.costs(GENOMES, ("macs",))["macs"]
COSTS = {name: values.astype(float) for name, values in MACRO.costs(GENOMES, ("params", "macs")).items()}
FEW = 40  # draws of a bootstrap that is not looked at closely

numbers = st.lists(st.integers(-20, 20), min_size=12, max_size=40)


def labels_of(values, genomes=GENOMES) -> Labels:
    values = np.asarray(values, dtype=np.float64)
    return Labels(MACRO, genomes[: len(values)], values.reshape(len(values), -1), "mine.csv")


def additive(seed=0, noise=0.0):
    """Labels that are sums over slots, which neither macs nor params tell."""
    rng = np.random.default_rng(seed)
    worth = rng.normal(size=(GENOMES.shape[1], 3))
    truth = worth[np.arange(GENOMES.shape[1]), GENOMES].sum(axis=1)
    return truth + noise * rng.normal(size=len(truth))


# -- figures ----------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=5, max_size=30))
def test_rank_correlations_are_scipys_ties_and_all(pairs):
    one, other = np.array(pairs, dtype=np.float64).T
    if np.ptp(one) and np.ptp(other):
        assert spearman(one[None], other[None])[0] == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)
        assert kendall(one[None], other[None])[0] == pytest.approx(kendalltau(one, other).statistic, abs=1e-12)
    else:
        assert spearman(one[None], other[None])[0] == kendall(one[None], other[None])[0] == 0


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
        ({"seen": 100}, CARE, "100 of the 100 networks were used to fit it"),
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


# -- asking an evaluator ----------------------------------------------------------------------------------


class Judge:
    """Scores by a function of the network's number; None fails."""

    cheap = True

    def __init__(self, labels, of):
        self.about = About("judge")
        self._number = {MACRO.decode(g).model_dump_json(): n for n, g in enumerate(labels.networks.genomes)}
        self._of = of

    def evaluate(self, architectures, seed=0):
        values = [self._of(self._number[a.model_dump_json()]) for a in architectures]
        return [Failure("too large") if value is None else Score(value) for value in values]


def test_failures_are_counted_and_left_out():
    labels = labels_of(additive()[:200])
    values = labels.networks.values
    judge = Judge(labels, lambda n: None if n % 4 == 0 else float("nan") if n == 1 else values[n])
    check = check_evaluator(judge, labels, n=0, draws=FEW)
    absent = -(-len(labels) // 4)
    assert check.reasons == {"too large": absent, "returned nan": 1}
    assert (check.quality["failed"], check.quality["n"]) == (absent + 1, len(labels) - absent - 1)
    assert check.quality["spearman"] == 1
    assert check.quality["verdict"] == CARE


def test_an_evaluator_that_scores_hardly_any_network_is_one_line():
    labels = labels_of(additive())
    with pytest.raises(EvaluatorError, match=f"judge scored 5 of {len(labels)} labelled networks: too large"):
        check_evaluator(Judge(labels, lambda n: 1.0 if n < 5 else None), labels, n=0)


def test_n_networks_are_drawn_by_the_seed():
    labels = labels_of(additive())
    drawn = [check_evaluator(named_evaluator("macs", Task.of(MACRO)), labels, n=50, seed=s, draws=5) for s in (0, 0, 1)]
    assert all(len(check.scores) == check.quality["n"] == 50 for check in drawn)
    np.testing.assert_array_equal(drawn[0].labels.genomes, drawn[1].labels.genomes)
    assert not np.array_equal(drawn[0].labels.genomes, drawn[2].labels.genomes)


def test_bands_may_be_those_of_budgets():
    labels = labels_of(additive())
    judge = named_evaluator("macs", Task.of(MACRO))
    told = check_evaluator(
        judge, labels, n=0, budgets=[Budget.parse("55M-flops"), Budget.parse("60M..70M-macs")], draws=5
    )
    assert [(band["low_macs"], band["high_macs"]) for band in told.quality["bands"]] == [
        (52_250_000, 57_750_000),
        (60_000_000, 70_000_000),
    ]
    assert told.quality["n"] == sum(band["n"] for band in told.quality["bands"])  # no network outside is asked
    with pytest.raises(BudgetError, match="bands are of macs"):
        check_evaluator(judge, labels, budgets=[Budget.parse("1M-params")])


def test_too_few_labels_say_what_cannot_be_told():
    judge = named_evaluator("macs", Task.of(MACRO))
    with pytest.raises(FileError, match="labels of 3 distinct networks; below 10 no ranking can be told from chance"):
        check_evaluator(judge, labels_of([1, 2, 3]))


def test_ten_labels_of_many_costs_are_too_few_for_a_band():
    check = check_evaluator(named_evaluator("params", Task.of(MACRO)), labels_of(additive()[:12]), draws=FEW)
    assert (check.quality["bands"], check.quality["in_band"]) == ([], None)
    assert check.quality["verdict"] == UNTOLD
    assert any("cannot tell at a fixed budget" in str(line) for line in check_tables(check_document(check)))


# -- the command, its files, and the record of a search ---------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A table of results of 60 networks, in which macs are right."""
    path = tmp_path_factory.mktemp("labels") / "mine.csv"
    with path.open("w", newline="") as file:
        rows = [
            [MACRO.choices[slot][c] for slot, c in zip(MACRO.choices, g, strict=True)]
            for g in GENOMES[::6][:60].tolist()
        ]
        csv.writer(file).writerows(
            [[*MACRO.choices, "value"], *([*r, m / 1e6] for r, m in zip(rows, MACS[::6], strict=False))]
        )
    return path


def test_the_command_leaves_what_scripts_rely_on(results, tmp_path):
    told = document(
        "evaluator", "check", "macs", "--space", "nasbench_macro", "--labels", results, "--band", "20%", "-o", tmp_path
    )
    figures = {"n", "spearman", "spearman_interval", "kendall", "recall_top10", "regret", "regret_share", "baselines"}
    assert figures | {"bands", "in_band", "noise", "verdict", "why", "failed", "used_in_fit"} <= set(told)
    assert all(figures <= set(band) for band in told["bands"])
    assert set(told["baselines"]) == {"random", "params", "macs", "depth"}
    assert (told["n"], told["spearman"], told["verdict"]) == (60, 1, USE)
    assert json.loads((tmp_path / "check.json").read_text()) == told
    assert (tmp_path / "check.png").read_bytes()[:4] == b"\x89PNG"
    again = read_labels(tmp_path / "scores.csv", MACRO)  # it can be read again as labels
    np.testing.assert_allclose(sorted(again.values), sorted(MACS[::6][:60] / 1e6))


def test_figures_of_a_check_are_stamped_into_the_record_of_a_search(results, tmp_path):
    judge, labels = named_evaluator("macs", Task.of(MACRO)), read_labels(results, MACRO)
    check = check_evaluator(judge, labels, draws=FEW)
    write_check(check, check_document(check), tmp_path)
    study = nas.search(MACRO, ["60M-flops"], "macs", trials=5, check=tmp_path / "check.json")
    assert study.about.quality["verdict"] == check.quality["verdict"]
    assert study.about.quality["spearman"] == check.quality["spearman"]
    with pytest.raises(FileError, match="checked another evaluator: 'macs', and this search has 'params'"):
        nas.search(MACRO, ["60M-flops"], "params", trials=5, check=tmp_path / "check.json")
    (tmp_path / "short.json").write_text('{"schema": "nascli.evaluator_check/1"}')
    with pytest.raises(FileError, match="not a whole check"):
        nas.search(MACRO, ["60M-flops"], "macs", trials=5, check=tmp_path / "short.json")


@pytest.mark.parametrize(
    ("quality", "line"),
    [
        ({}, "is unknown: nascli evaluator check judge --space mine --labels FILE measures it"),
        (
            {"n": 50, "spearman": 0.9, "in_band": {"spearman": 0.1}, "verdict": NOT},
            "0.90, 0.10 at a fixed budget over 50",
        ),
        ({"n": 50, "spearman": 0.9, "bands": [{"spearman": 0.2}, {"spearman": None}]}, "0.20 at a fixed budget"),
        ({"n": 50, "spearman": 0.9, "used_in_fit": 50}, "on networks that it was fitted on"),
        ({"n": 50, "noise": {"sd": 0.21}}, "differs from its network's mean by 0.21"),
        ({"n": 50, "noise": None}, "one run each"),
    ],
)
def test_a_search_says_in_a_line_how_well_its_score_ranks(quality, line):
    assert line in standing(About("judge", quality=quality), "mine")


def test_bad_input_is_one_line_and_exit_2(results):
    run = nascli("evaluator", "check", "mcas", "--space", "nasbench_macro", "--labels", results)
    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.splitlines()) == 1
    assert "did you mean 'macs'" in run.stderr


# -- on the published tables ------------------------------------------------------------------------------


def test_params_ranks_nasbench_macro_backwards_near_58m(shared):
    labels = read_labels(shared / "nas-bench-macro_cifar10.json", MACRO)
    params = MACRO.costs(labels.genomes, ("params",))["params"]
    told = quality_of(params, labels, ranges=[(55_100_000, 60_900_000)], baselines={}, draws=5)
    assert told["bands"][0]["spearman"] == pytest.approx(-0.47, abs=0.01)
    assert told["verdict"] == NOT
    assert told["noise"]["seed_to_seed"] == pytest.approx(0.98, abs=0.005)


def test_the_shipped_predictor_is_told_to_have_seen_its_own_rows(shared):
    space = search_spaces.load("efficientnet")
    labels = read_labels(shared / "accel_nasbench.csv", space)
    told = check_evaluator(named_evaluator("accel_nasbench", Task.of(space)), labels, n=60, draws=FEW).quality
    assert told["used_in_fit"] == told["n"] == 60
    assert "used to fit it" in told["why"]
    assert told["verdict"] in (CARE, UNTOLD)
