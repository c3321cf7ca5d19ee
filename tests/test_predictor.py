"""The fitted predictor: what it says, where it refuses, how good it is, and that anyone can fit it again."""

from __future__ import annotations

import csv
import json
from itertools import product

import numpy as np
import pytest
from test_cli import document, nascli

import search_spaces
from nas import cost, lower, predictor, zoo
from nas.errors import EvaluatorError, FileError
from nas.predictor.checking import BANDS, check
from nas.predictor.data import read_rows, split
from nas.predictor.fitting import coefficient_text, fit
from nas.predictor.link import from_link, to_link
from nas.predictor.predicting import Predictor, read_predictor

SPACE = search_spaces.load("efficientnet")
B0 = zoo.architecture("efficientnet_b0")
NAMES = [f"block{stage}_{slot}" for stage, slot in product(range(7), ("e", "k", "l", "se"))]


@pytest.fixture(scope="module")
def judge() -> Predictor:
    return predictor.load("accel_nasbench")


@pytest.fixture(scope="module")
def genomes():
    return SPACE.sample(700, rng=np.random.default_rng(0))


def table(path, rows: list[list[object]], columns=(*NAMES, "val_top1")):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def row(top1: object = 65.0, **changed: object) -> list[object]:
    """B0's row of the benchmark's table, with some columns changed."""
    values = {}
    for stage, cells in enumerate(B0.stages):
        plain = (cells.expand, cells.kernel, cells.repeats, True)
        values |= zip((f"block{stage}_{slot}" for slot in ("e", "k", "l", "se")), plain, strict=True)
    return [*(values | changed).values(), top1]


# -- what it says -----------------------------------------------------------------------------------------


def test_architectures_and_their_genomes_are_predicted_alike(judge, genomes):
    some = genomes[:40]
    one = judge.predict([SPACE.decode(genome) for genome in some])
    many = judge.predict_genomes(SPACE, genomes)
    for by_table, by_genome in zip(one, many, strict=True):
        np.testing.assert_allclose(by_table, by_genome[:40], rtol=1e-12)
    np.testing.assert_array_equal(judge.mean_genomes(SPACE, genomes), many.mean)


def test_the_interval_holds_its_mean_and_is_a_percentage(judge, genomes):
    mean, low, high = judge.predict_genomes(SPACE, genomes)
    assert (low < mean).all()
    assert (mean < high).all()
    assert (low > 0).all()
    assert (high < 100).all()


def test_a_batch_of_none_is_none(judge):
    assert [len(part) for part in judge.predict([])] == [0, 0, 0]


def test_an_activation_does_not_change_what_is_predicted_since_the_benchmark_knows_one_only(judge):
    relu = B0.model_copy(update={"activation": "relu"})
    np.testing.assert_array_equal(judge.predict([B0]), judge.predict([relu]))


def test_more_layers_in_every_stage_are_predicted_better(judge):
    # Accel-NASBench, fig. 3: accuracy grows with depth at this size
    shallow = B0.model_copy(update={"stages": tuple(s.model_copy(update={"repeats": 1}) for s in B0.stages)})
    mean = judge.predict([shallow, B0]).mean
    assert mean[0] < mean[1] - 1


def test_networks_beyond_the_fitted_costs_are_told(judge):
    most = SPACE.decode(np.array([choices - 1 for choices in SPACE.slots.values()], dtype=np.int8))
    assert judge.extrapolates([B0, most]).tolist() == [False, True]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"resolution": 240}, "resolution"),
        ({"activation": "sigmoid"}, "it knows relu and silu"),
        ({"padding": "same"}, "padding"),
        ({"stages": B0.stages[:6]}, "outside the predictor's domain"),
        ({"stages": (*B0.stages[:6], B0.stages[6].model_copy(update={"kernel": 7}))}, "outside the predictor's domain"),
        ({"stages": (*B0.stages[:6], B0.stages[6].model_copy(update={"channels": 328}))}, "outside"),
    ],
)
def test_it_refuses_outside_its_domain(judge, change, why):
    with pytest.raises(EvaluatorError, match=why):
        judge.predict([B0.model_copy(update=change)])


def test_it_refuses_genomes_of_a_space_that_it_does_not_know(judge):
    other = search_spaces.load("mobilenetv2")
    with pytest.raises(EvaluatorError, match="outside the predictor's domain"):
        judge.predict_genomes(other, other.sample(2, rng=np.random.default_rng(0)))


def test_the_link_is_undone():
    top1 = np.array([20.0, 60.0, 66.7, 80.0])
    np.testing.assert_allclose(from_link(to_link(top1)), top1)
    assert from_link(np.array([-3.0])) == 0  # an error rate over 100 % is cut there


# -- the file ---------------------------------------------------------------------------------------------


def test_the_file_tells_where_it_comes_from_and_how_good_it_is(judge):
    told = judge.document
    assert {"unit", "note", "source", "licence", "domain", "quality", "rows"} <= set(told)
    quality = told["quality"]
    # the floors that the project promises, out of fold
    assert quality["spearman"] >= 0.985
    assert quality["mae"] <= 0.36
    assert 0.85 <= quality["coverage90"] <= 0.95
    assert 0.85 <= quality["coverage90_best"] <= 0.95
    assert [band["center_macs"] for band in quality["bands"]] == [center * 10**6 for center in BANDS]
    assert all(band["spearman"] >= 0.97 and band["n"] >= 100 for band in quality["bands"])


def test_the_file_is_read_as_it_is_written(judge):
    assert json.loads(coefficient_text(judge.document)) == judge.document


@pytest.mark.parametrize("key", ["ridge", "trees", "domain", "interval"])
def test_a_file_that_lacks_a_part_is_told_in_one_line(judge, key):
    with pytest.raises(FileError, match="not well formed"):
        read_predictor({k: v for k, v in judge.document.items() if k != key})


def test_an_unknown_predictor_is_told():
    with pytest.raises(EvaluatorError, match="did you mean 'accel_nasbench'"):
        predictor.load("accel_nasbensh")


# -- checking on a table ----------------------------------------------------------------------------------


def test_a_check_tells_what_scripts_rely_on(tmp_path):
    rng = np.random.default_rng(1)
    rows = [row(60 + rng.normal(), block6_e=e, block5_l=n) for e, n in product((1, 4, 6), (1, 2, 3, 4))]
    told = document("predictor", "check", "--data", table(tmp_path / "rows.csv", rows))
    assert {"n", "spearman", "kendall", "mae", "bands", "coverage90"} <= set(told)
    assert told["n"] == 12
    assert all({"center_macs", "n", "spearman"} <= set(band) for band in told["bands"])
    assert told["held_out"] == (told["used_in_fit"] == 0)


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([row()], (*NAMES[:-1], "x", "val_top1"), "no column 'block6_se'"),
        ([row(block2_k=7)], None, "line 2, block2_k: 7 is none of 3, 5"),
        ([row(), row("high")], None, "line 3, val_top1: 'high' is not a number"),
        ([row(101)], None, "no percentage"),
        ([row("nan")], None, "no finite number"),
        ([row()[:5]], None, "line 2"),
        ([], None, "has no rows"),
    ],
)
def test_a_bad_table_is_told_in_one_line(tmp_path, rows, columns, message):
    path = table(tmp_path / "rows.csv", rows, columns or (*NAMES, "val_top1"))
    run = nascli("predictor", "check", "--data", path)
    assert (run.returncode, run.stdout) == (2, "")
    assert len(run.stderr.splitlines()) == 1, run.stderr
    assert message in run.stderr


# -- with the benchmark's table ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows(shared):
    return read_rows(shared / "accel_nasbench.csv", SPACE)


def test_parameters_of_every_network_are_those_of_the_benchmark(shared, rows):
    ours = SPACE.costs(rows.genomes, ("params",))["params"]
    with (shared / "accel_nasbench.csv").open() as file:
        theirs = np.array([float(row["params"]) for row in csv.DictReader(file)])
    assert len(theirs) == 4623
    np.testing.assert_allclose(ours / 1e6, theirs, rtol=0, atol=1e-6)  # the table has six digits
    some = SPACE.decode(rows.genomes[0])
    assert cost(lower(some)).params == ours[0]


def test_rows_of_the_fit_are_recognised(judge, rows):
    told = check(judge, rows)
    assert (told["used_in_fit"], told["held_out"]) == (4623, False)
    strangers = rows.take(np.arange(3))._replace(genomes=SPACE.sample(3, rng=np.random.default_rng(5)))
    assert check(judge, strangers)["held_out"]


def test_equal_networks_stay_together_in_a_split(rows):
    part = split(rows.group, 10, np.random.default_rng(0))
    for group in np.flatnonzero(np.bincount(rows.group) > 1):
        assert len(set(part[rows.group == group])) == 1
    assert len(np.unique(rows.genomes, axis=0)) == rows.group.max() + 1


@pytest.mark.slow
def test_a_fit_on_nine_tenths_reaches_the_floors_on_the_rest(rows):
    part = split(rows.group, 10, np.random.default_rng(3))
    held = Predictor(fit(SPACE, rows.take(np.flatnonzero(part != 0))))
    told = check(held, rows.take(np.flatnonzero(part == 0)))
    assert told["held_out"]
    assert told["spearman"] >= 0.985
    assert told["mae"] <= 0.36


@pytest.mark.slow
def test_a_refit_on_all_rows_is_the_shipped_predictor(judge, rows, genomes):
    again = Predictor(fit(SPACE, rows))
    np.testing.assert_allclose(
        again.predict_genomes(SPACE, genomes), judge.predict_genomes(SPACE, genomes), rtol=0, atol=0.01
    )
