"""Asking an evaluator and judging it: which networks count, the command, its files, and the record of a search."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from labelled import FEW, GENOMES, MACRO, MACS, additive, labels_of
from test_cli import document, nascli

import nas
import search_spaces
from nas.budget import Budget
from nas.errors import BudgetError, EvaluatorError, FileError
from nas.evaluators import About, Failure, Score, Task, named_evaluator
from nas.labels import read_labels
from nas.quality import check_evaluator, quality_of
from nas.quality.verdict import CARE, NOT, UNTOLD, USE
from nas.report.quality import check_document, check_tables, write_check
from nas.report.standing import standing

# -- asking an evaluator ----------------------------------------------------------------------------------


class Judge:
    """Scores by a function of the network's number; None fails."""

    cheap = True

    def __init__(self, labels, of, fitted=()):
        self.about = About("judge")
        self._number = {MACRO.decode(g).model_dump_json(): n for n, g in enumerate(labels.networks.genomes)}
        self._of, self._fitted = of, set(fitted)

    def evaluate(self, architectures, seed=0):
        values = [self._of(self._number[a.model_dump_json()]) for a in architectures]
        return [Failure("too large") if value is None else Score(value) for value in values]

    def fitted_on(self, architectures):
        return [self._number[a.model_dump_json()] in self._fitted for a in architectures]


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


def test_networks_that_it_was_fitted_on_are_left_out_where_enough_others_remain():
    labels = labels_of(additive()[:200])
    values = labels.networks.values
    told = check_evaluator(Judge(labels, lambda n: values[n], range(20)), labels, n=0, draws=FEW).quality
    assert (told["n"], told["left_out"], told["used_in_fit"]) == (len(labels) - 20, 20, 0)
    assert "20 networks that it was fitted on are left out" in told["why"]
    drawn = check_evaluator(Judge(labels, lambda n: values[n], range(100)), labels, n=60, draws=FEW).quality
    assert (drawn["n"], drawn["left_out"], drawn["used_in_fit"]) == (60, 100, 0)  # so many others are there to draw


def test_networks_that_it_was_fitted_on_count_where_too_few_others_remain():
    labels = labels_of(additive()[:200])
    judge = Judge(labels, lambda n: float(n), range(len(labels) - 19))
    told = check_evaluator(judge, labels, n=0, draws=FEW).quality
    assert (told["n"], told["left_out"], told["used_in_fit"]) == (len(labels), 0, len(labels) - 19)
    assert "too few others have labels, so the figures flatter" in told["why"]


def test_a_table_is_flattered_by_its_own_results_and_judged_by_others(tmp_path):
    rows = [[MACRO.choices[slot][c] for slot, c in zip(MACRO.choices, g, strict=True)] for g in GENOMES[:60].tolist()]
    for name, results in (("short", additive(1)), ("long", additive())):
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            cells = [[*row, result] for row, result in zip(rows, results, strict=False)]
            csv.writer(file).writerows([[*MACRO.choices, "value"], *cells])
    short = named_evaluator(f"table:path={tmp_path / 'short.csv'}", Task.of(MACRO))
    seen = {
        name: check_evaluator(short, read_labels(tmp_path / f"{name}.csv", MACRO), draws=FEW).quality["used_in_fit"]
        for name in ("short", "long")
    }
    assert seen == {"short": 60, "long": 0}


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
    assert set(told["baselines"]) == {"random", "params", "macs", "activations", "depth"}
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


def test_activations_are_a_baseline_that_few_scores_beat_near_58m(shared):
    labels = read_labels(shared / "nas-bench-macro_cifar10.json", MACRO)
    labels = labels.take(np.abs(MACRO.costs(labels.genomes, ("macs",))["macs"] - 58e6) <= 2.9e6)
    params = MACRO.costs(labels.genomes, ("params",))["params"]
    told = quality_of(params, labels, ranges=[(55_100_000, 60_900_000)], draws=5)
    assert told["in_band"]["best_baseline"] == "activations"
    assert told["in_band"]["baselines"]["activations"] == pytest.approx(0.744, abs=0.005)  # results/calibration.md


def test_the_shipped_predictor_is_told_to_have_seen_its_own_rows(shared):
    space = search_spaces.load("efficientnet")
    labels = read_labels(shared / "accel_nasbench.csv", space)
    told = check_evaluator(named_evaluator("accel_nasbench", Task.of(space)), labels, n=60, draws=FEW).quality
    assert told["used_in_fit"] == told["n"] == 60
    assert "used to fit it" in told["why"]
    assert told["verdict"] in (CARE, UNTOLD)
