"""Labels: tables of results are read as what they are, and bad ones are told in one line."""

from __future__ import annotations

import csv
import json
import pickle

import numpy as np
import pytest
from scipy.stats import t as student

import nas
import search_spaces
from nas.errors import EvaluatorError, FileError
from nas.evaluators import Failure, Score, Task, named_evaluator
from nas.labels import read_labels
from nas.labels.measured import Labels

MACRO = search_spaces.load("nasbench_macro")
EFFICIENT = search_spaces.load("efficientnet")
SLOTS = list(MACRO.choices)
CODES = ["11111111", "22222222", "01201201", "10102000", "10120000", "21012012", "00000000", "12121212", "20202020",
         "22001122", "11220011", "02020202"]  # fmt: skip


def spelled(code: str) -> list[str]:
    """A code as a table of slots writes it: inverted_residual+3+3."""
    return ["+".join(map(str, MACRO.choices[slot][int(digit)])) for slot, digit in zip(SLOTS, code, strict=True)]


def table(path, rows, columns=(*SLOTS, "value")):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def rows_of(codes=CODES, start=80.0):
    return [[*spelled(code), start + number / 4] for number, code in enumerate(codes)]


def genomes_of(codes):
    genomes = np.array([[*map(int, code)] for code in codes], dtype=np.int8)
    return MACRO.genomes(MACRO.canonical(MACRO.codes(genomes)))


# -- what is read -----------------------------------------------------------------------------------------


def test_a_table_of_ones_own_is_read_as_the_space_spells_it(tmp_path):
    found = read_labels(table(tmp_path / "mine.csv", rows_of()), MACRO)
    np.testing.assert_array_equal(found.genomes, genomes_of(CODES))
    np.testing.assert_array_equal(found.values, [row[-1] for row in rows_of()])
    assert found.digest(0) == MACRO.graph(genomes_of(["11111111"])[0]).digest()


def test_choices_may_be_spelled_as_the_folder_of_a_search_spells_them(tmp_path):
    rows = [[*(str(MACRO.choices[slot][int(d)]) for slot, d in zip(SLOTS, code, strict=True)), 1.0] for code in CODES]
    found = read_labels(table(tmp_path / "front.csv", rows, (*SLOTS, "score")), MACRO, column="score")
    np.testing.assert_array_equal(found.genomes, genomes_of(CODES))


@pytest.mark.parametrize("as_list", [True, False], ids=["cells as a list", "cells as text"])
def test_json_rows_are_read_as_the_same_table(tmp_path, as_list):
    cells = [[list(MACRO.choices[s][int(d)]) for s, d in zip(SLOTS, code, strict=True)] for code in CODES]
    texts = [spelled(code) for code in CODES]
    rows = [
        {**dict(zip(SLOTS, row, strict=True)), "value": [80 + n, 82 + n]}
        for n, row in enumerate(cells if as_list else texts)
    ]
    (tmp_path / "mine.json").write_text(json.dumps(rows))
    found = read_labels(tmp_path / "mine.json", MACRO)
    np.testing.assert_array_equal(found.genomes, genomes_of(CODES))
    np.testing.assert_array_equal(found.values, 81 + np.arange(len(CODES)))


def test_a_codes_record_is_a_number_or_an_object(tmp_path):
    (tmp_path / "codes.json").write_text(json.dumps({"11111111": 90.5, "22222222": 91}))
    assert read_labels(tmp_path / "codes.json", MACRO).values.tolist() == [90.5, 91]


def test_further_runs_may_be_missing_for_some_networks(tmp_path):
    rows = [[*spelled("11111111"), 90, 92, ""], [*spelled("22222222"), 80, "", ""]]
    found = read_labels(table(tmp_path / "mine.csv", rows, (*SLOTS, "value", "value_2", "value_3")), MACRO)
    assert found.values.tolist() == [91, 80]
    assert found.counts.tolist() == [2, 1]


def test_rows_of_one_network_are_one_whatever_their_spelling(tmp_path):
    # codes 10102000 and 10120000 are one network: identity slots of a stage are interchangeable
    found = read_labels(table(tmp_path / "mine.csv", rows_of(["10102000", "11111111", "10120000"])), MACRO)
    assert len(found) == 3
    assert found.group[0] == found.group[2] != found.group[1]
    whole = found.networks
    assert sorted(whole.values) == [80.25, 80.25]  # 80 and 80.5 of the two spellings, and 80.25
    assert sorted(whole.counts) == [1, 2]


def test_disagreeing_repeats_measure_the_noise_and_copies_do_not(tmp_path):
    rows = [[*spelled("11111111"), 90], [*spelled("11111111"), 92], [*spelled("22222222"), 80]]
    found = read_labels(table(tmp_path / "two.csv", rows), MACRO)
    assert found.spread == (pytest.approx(np.sqrt(2)), 1)  # by hand: ±1 around 91, one degree of freedom
    copies = read_labels(table(tmp_path / "copies.csv", [rows[0], rows[0], rows[2]]), MACRO)
    assert copies.spread is None
    assert copies.networks.counts.tolist() == [1, 1]


def test_nasbench_macro_is_3969_networks_of_three_runs(shared):
    found = read_labels(shared / "nas-bench-macro_cifar10.json", MACRO)
    assert len(found) == 6561
    assert len(found.networks) == found.group.max() + 1 == 3969
    assert set(found.networks.counts) == {3}  # equal codes carry copies of one measurement
    published = json.loads((shared / "nas-bench-macro_cifar10.json").read_text())
    np.testing.assert_allclose(found.values, [row["mean_acc"] for row in published.values()])
    one = read_labels(shared / "nas-bench-macro_cifar10.json", MACRO, column="mean_acc")
    np.testing.assert_allclose(one.values, found.values)
    assert one.fingerprint != found.fingerprint


def test_accel_nasbench_is_4613_networks_ten_of_them_trained_twice(shared):
    found = read_labels(shared / "accel_nasbench.csv", EFFICIENT)
    assert len(found) == 4623
    assert np.bincount(found.networks.counts).tolist() == [0, 4603, 10]
    other = read_labels(shared / "accel_nasbench.csv", EFFICIENT, column="throughput_a100")
    assert other.values[0] == pytest.approx(7034.935)


# -- bad tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        (rows_of(), (*SLOTS[:-1], "stage8.blok", "value"), "not of space nasbench_macro: no slot 'stage8.blok'"),
        (rows_of(), (*SLOTS[1:], "x", "value"), "no column 'stage1.block+expand+kernel'"),
        (rows_of(), (*SLOTS, "valeu"), "no column 'value'; did you mean 'valeu'?"),
        (rows_of(), (*SLOTS[:-1], SLOTS[0], "value"), "stands twice"),
        ([[*spelled("11111111"), "nan"]], None, "line 2, value: nan is no finite number"),
        ([[*spelled("11111111"), "-inf"]], None, "no finite number"),
        ([[*spelled("11111111"), ""]], None, "line 2, value: '' is not a number"),
        ([[*spelled("11111111"), "91%"]], None, "'91%' is not a number"),
        ([["mbconv", *spelled("11111111")[1:], 9]], None, "mbconv is none of ('projection', 1, 1)"),
        ([spelled("11111111")], None, "line 2: 8 cells where the header has 9"),
        ([], None, "has no rows"),
    ],
)
def test_a_bad_table_is_one_line(tmp_path, rows, columns, message):
    path = table(tmp_path / "mine.csv", rows, columns or (*SLOTS, "value"))
    with pytest.raises(FileError) as told:
        read_labels(path, MACRO)
    assert message in str(told.value)
    assert len(str(told.value).splitlines()) == 1
    assert "mine.csv" in str(told.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"11111111": [90, NaN]}', "no finite number"),
        ('{"1111": 90}', "not a code of space nasbench_macro; its last one is 22222222"),
        ('{"11111113": 90}', "not a code of space nasbench_macro"),
        ('{"schema": "nascli.record/1"}', "neither a list of rows nor an object whose keys are codes"),
        ('{"11111111": {"mean_acc": 90}}', "no column 'test_acc'"),
        ('{"11111111": []}', "an empty list has no result"),
        ('{"11111111": true}', "'True' is not a number"),
        ("{}", "has no rows"),
        ("[]", "has no rows"),
        ("[3]", "row 1: expected an object"),
        ('[{"value": 3', "not JSON"),
        ("", "has no rows"),
        ('{"11111111": 1' + "0" * 400 + "}", "is not a number"),
    ],
)
def test_bad_json_is_one_line(tmp_path, text, message):
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(FileError) as told:
        read_labels(tmp_path / "mine.json", MACRO)
    assert message in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_a_file_of_another_space_is_told(shared):
    with pytest.raises(FileError, match=r"space efficientnet.*, which has no slot"):
        read_labels(shared / "accel_nasbench.csv", MACRO)
    with pytest.raises(FileError, match="not a code of space efficientnet"):
        read_labels(shared / "nas-bench-macro_cifar10.json", EFFICIENT)


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(2**27)
    with pytest.raises(FileError, match="larger than"):
        read_labels(tmp_path / "huge.csv", MACRO)


def test_networks_of_another_resolution_are_not_taken_for_those_of_the_space(tmp_path):
    rows = [[*spelled("11111111"), 90, 64]]
    with pytest.raises(FileError, match="resolution: '64', and space nasbench_macro has 32"):
        read_labels(table(tmp_path / "mine.csv", rows, (*SLOTS, "value", "resolution")), MACRO)


def test_too_few_or_equal_labels_rank_nothing():
    genomes = genomes_of(CODES)
    with pytest.raises(FileError, match="labels of 3 distinct networks; below 10"):
        Labels(MACRO, genomes[:3], np.array([[1.0], [2.0], [3.0]])).rankable()
    with pytest.raises(FileError, match="value is 7 for all 11 networks"):
        Labels(MACRO, genomes, np.full((len(genomes), 1), 7.0)).rankable()


# -- the evaluator ----------------------------------------------------------------------------------------


def judge_of(path, **keys):
    option = f"table:path={path}" + "".join(f",{key}={value}" for key, value in keys.items())
    return named_evaluator(option, Task.of(MACRO))


def test_a_table_says_what_was_measured_and_nothing_of_other_networks(tmp_path):
    judge = judge_of(table(tmp_path / "mine.csv", rows_of()))
    known, twin, unknown = judge.evaluate(
        [MACRO.decode(g) for g in genomes_of(["11111111", "10120000", "12121211"])], 3
    )
    assert (known.value, known.seed, known.calibrated) == (80.0, 3, True)
    assert twin.value == (80.75 + 81) / 2  # the mean of its two spellings
    assert isinstance(unknown, Failure)
    assert "not among the 11 networks of mine.csv" in unknown.reason
    assert "a fit scores all: calibrated:labels=table,labels.path=" in unknown.reason
    assert "any other is a failed trial" in judge.remark(MACRO.decode(genomes_of(["11111111"])[0]))


def test_a_table_knows_which_labels_repeat_it(tmp_path):
    judge = judge_of(table(tmp_path / "mine.csv", rows_of(["11111111", "22222222"])))
    own = read_labels(table(tmp_path / "own.csv", rows_of(["11111111", "01201201"])), MACRO)
    other = read_labels(table(tmp_path / "other.csv", rows_of(["11111111", "01201201"], start=70.0)), MACRO)
    assert judge.repeats(own).tolist() == [True, False]
    assert not judge.repeats(other).any()


def test_a_search_by_a_part_of_the_space_goes_on_and_says_what_to_do(tmp_path):
    found = np.unique(MACRO.sample(300, ["16M-flops"], rng=np.random.default_rng(0)), axis=0)
    known = ["".join(map(str, genome)) for genome in found[::2].tolist()]
    judge = judge_of(table(tmp_path / "mine.csv", rows_of(known)))
    study = nas.search(MACRO, ["16M-flops"], judge, trials=12)
    assert 0 < len(study.scored) < len(study.trials)
    assert any("calibrated:labels=table" in remark for remark in study.remarks)


def test_networks_of_another_space_have_no_score_in_a_table(tmp_path):
    judge = judge_of(table(tmp_path / "mine.csv", rows_of()))
    others = [search_spaces.load(name).reference for name in ("efficientnet", "nasnet")]
    assert all(
        isinstance(answer, Failure) and "not in nasbench_macro" in answer.reason for answer in judge.evaluate(others)
    )


def test_the_interval_is_that_of_a_mean_of_runs(tmp_path):
    rows = [[*spelled(code), 80 + n, 82 + n] for n, code in enumerate(["11111111", "22222222", "01201201"])]
    judge = judge_of(table(tmp_path / "mine.csv", rows, (*SLOTS, "value", "value_2")))
    (found,) = judge.evaluate([MACRO.decode(genomes_of(["22222222"])[0])])
    # pooled sd of the pairs ±1: sqrt(6 / 3), mean of two runs, three degrees of freedom
    half = student.ppf(0.95, 3) * np.sqrt(2) / np.sqrt(2)
    assert (found.value, found.low, found.high) == (82, pytest.approx(82 - half), pytest.approx(82 + half))


def test_a_table_pickles_to_workers_and_tells_what_it_is(tmp_path):
    judge = judge_of(table(tmp_path / "mine.csv", rows_of(), (*SLOTS, "acc")), column="acc")
    again = pickle.loads(pickle.dumps(judge))
    networks = [MACRO.decode(genome) for genome in genomes_of(CODES)]
    assert again.evaluate(networks) == judge.evaluate(networks)
    assert all(isinstance(answer, Score) for answer in judge.evaluate(networks))
    assert judge.about.unit == "acc (mine.csv)"
    assert judge.about.fingerprint == judge.labels.fingerprint
    assert not judge.cheap  # a random network of the space is most likely not in it


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("table", "write table:path=FILE"),
        ("table:pth=x", "did you mean 'path'"),
        ("table:path=none.csv", "No such file"),
    ],
)
def test_a_bad_option_is_one_line(option, message):
    with pytest.raises((EvaluatorError, FileError, ValueError), match=message):
        named_evaluator(option, Task.of(MACRO))
    with pytest.raises(EvaluatorError, match="name one: --space"):
        named_evaluator("table:path=x.csv", Task())
