"""`nascli latency`, `nascli bench`, and latency on the command line: what is printed, written and refused."""

from __future__ import annotations

import itertools
import json
import logging
import sys

import pytest
import torch
from pretended import Pretended, analytic_table
from typer.testing import CliRunner

from cli import app
from nas.errors import FileError, InfeasibleError, LatencyError
from nas.export.onnx import write
from nas.latency import measuring, read_table
from nas.latency.predicting import predict
from nas.latency.reading import write_table
from nas.networks import load_network
from nas.report import console
from nas.runtimes import RUNTIMES, Member

QUICK = ["--seconds", "1", "--networks", "5", "--held-out", "3", "--runtime", "pretended"]


@pytest.fixture
def pretended(monkeypatch):
    monkeypatch.setattr(measuring, "_INTERRUPTIONS", lambda: 0)  # whatever else this machine does
    runtime = Pretended()
    monkeypatch.setitem(RUNTIMES, "pretended", Member("nothing", lambda: runtime))
    return runtime


@pytest.fixture
def interrupted(monkeypatch, pretended):
    monkeypatch.setattr(measuring, "_INTERRUPTIONS", itertools.count().__next__)
    return pretended


@pytest.fixture
def table_file(tmp_path):
    write_table(analytic_table(), tmp_path / "table.json")
    return tmp_path / "table.json"


def run(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_calibrate_writes_a_table_and_says_how_good_it_is(pretended, tmp_path):
    path = tmp_path / "new" / "table.json"
    told = json.loads(run("latency", "calibrate", "--space", "nasbench_macro", *QUICK, "-o", path, "--json"))
    assert told["schema"] == "nascli.latency-calibration/1"
    assert told["quality"]["held_out_error"] < 0.01
    assert told["blocks"] == len(read_table(path).blocks)
    shown = run("latency", "show", path)
    assert "pretended 1.0 on abacus" in shown
    assert "held-out error" in shown


def test_calibrate_refuses_a_table_that_is_far_off_unless_forced(pretended, tmp_path):
    pretended.whims, pretended.large = 4.0, 30
    path = tmp_path / "table.json"
    with pytest.raises(LatencyError, match=r"more than 15%.*was not written.*--force"):
        run("latency", "calibrate", "--space", "nasbench_macro", *QUICK, "-o", path)
    assert not path.exists()
    run("latency", "calibrate", "--space", "nasbench_macro", *QUICK, "-o", path, "--force")
    assert read_table(path).quality.held_out_error > 0.15


def test_calibrate_refuses_a_table_of_a_busy_machine_and_one_that_is_forced_is_warned_of(interrupted, tmp_path, caplog):
    path = tmp_path / "table.json"
    asked = ["latency", "calibrate", "--space", "nasbench_macro", *QUICK, "-o", path]
    with pytest.raises(LatencyError, match=r"^100% of the samples were interrupted[^%]*was not written.*--force"):
        run(*asked)
    assert not path.exists()
    assert run(*asked, "--force").count("100% of the samples were interrupted") == 1
    assert "the latency table is poor: 100% of the samples were interrupted" in run("latency", "show", path)
    with caplog.at_level(logging.WARNING, "nascli"):
        asked = ["search", "--space", "nasbench_macro", "--budget", f"9ms-latency@{path}", "--trials", "2"]
        told = json.loads(run(*asked, "--evaluator", "params", "--out", tmp_path / "run", "--json"))
    assert caplog.text.count("the latency table is poor") == 1
    assert any("the latency table is poor" in remark for remark in told["remarks"])


def test_a_search_again_measures_again_and_its_record_holds_what_was_printed(pretended, table_file, tmp_path):
    asked = ["search", "--space", "efficientnet", "--budget", f"6ms-latency@{table_file}", "--trials", "5"]
    asked += ["--evaluator", "accel_nasbench", "--out", tmp_path / "run", "--json"]
    measured = []
    for pretended.slow in (1.0, 1.5):
        told = json.loads(run(*asked))
        record = json.loads((tmp_path / "run" / "record.json").read_text())
        assert (record["latency"], record["remarks"]) == (told["latency"], told["remarks"])
        measured.append(told["latency"]["finalists"][0]["measured_ns"])
    assert measured[1] == pytest.approx(1.5 * measured[0], rel=1e-6)


def test_a_search_says_that_the_machine_was_busy_when_it_measured(interrupted, table_file, tmp_path):
    asked = ["search", "--space", "efficientnet", "--budget", f"6ms-latency@{table_file}", "--trials", "3"]
    told = json.loads(run(*asked, "--evaluator", "accel_nasbench", "--out", tmp_path / "run", "--json"))
    assert told["latency"]["busy"] == "100% of the samples were interrupted: the machine is busy"
    assert any("100% of the samples were interrupted" in remark for remark in told["remarks"])


def test_a_search_under_latency_tells_predicted_beside_measured(pretended, table_file, tmp_path):
    asked = ["search", "--space", "efficientnet", "--budget", f"6ms-latency@{table_file}", "--trials", "5"]
    told = json.loads(run(*asked, "--evaluator", "accel_nasbench", "--out", tmp_path / "run", "--json"))
    assert told["best"]["latency"] <= 6_000_000
    assert told["latency"]["processor"] == "abacus"
    assert {"name", "predicted_ns", "measured_ns"} == set(told["latency"]["finalists"][0])
    assert told["latency"]["measured_on"]["processor"] == "abacus"
    best = json.loads((tmp_path / "run" / "best.json").read_text())
    assert best["latency"] == told["best"]["latency"]
    with pytest.raises(InfeasibleError, match="the least that it reaches"):
        run("search", "--space", "efficientnet", "--budget", f"1us-latency@{table_file}", "--out", tmp_path / "other")


def test_scale_to_a_latency_says_where_it_comes_from(pretended, table_file):
    told = json.loads(run("scale", "b0", "--to", f"12ms-latency@{table_file}", "--json"))
    assert told["latency"] == pytest.approx(12e6, rel=0.1)
    assert "features" in told["latency_note"]


def test_bench_prints_a_line_a_network_and_runtime(pretended):
    told = json.loads(run("bench", "lenet5", "b0", "--runtime", "pretended", "--seconds", "0.1", "--json"))
    assert told["schema"] == "nascli.bench/1"
    assert [row["network"] for row in told["timings"]] == ["lenet5", "b0"]
    assert "× first" in run("bench", "lenet5", "--runtime", "pretended", "--seconds", "0.1")


@pytest.mark.parametrize("name", ["program.pt2", "README.md", "folder"])
def test_what_bench_cannot_time_is_told_with_what_it_can(pretended, tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "README.md").write_text("# Words")
    (tmp_path / "program.pt2").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(FileError, match=rf"{name}: .*a network by its name, a search's folder.*\.onnx"):
        run("bench", tmp_path / name, "--runtime", "pretended")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (".", "a folder"),
        ("a_file/table.json", "cannot be written.*another file"),
        (f"{'long' * 62}.json", "cannot be written.*another file"),
        ("/dev/null", "no plain file"),
    ],
)
def test_a_target_that_cannot_be_written_is_told_before_anything_is_measured(pretended, tmp_path, target, message):
    (tmp_path / "a_file").write_text("not a folder")
    with pytest.raises(FileError, match=message):
        run("latency", "calibrate", "--space", "nasbench_macro", *QUICK, "-o", tmp_path / target)
    assert not pretended.asked


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_calibration_on_cuda_without_one_is_one_line_and_writes_nothing(runtime, tmp_path, capsys):
    asked = ["latency", "calibrate", "--space", "nasbench_macro", "--runtime", runtime, "--device", "cuda"]
    with pytest.raises(SystemExit) as end:
        app([*asked, "-o", str(tmp_path / "new" / "table.json")])
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {runtime} sees no cuda device here")
    assert not list(tmp_path.iterdir())


def test_a_calibration_that_is_stopped_leaves_nothing_and_says_so(pretended, tmp_path, capsys, monkeypatch):
    def stop(*asked, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(pretended, "session", stop)
    monkeypatch.setattr(console.os, "_exit", sys.exit)
    with pytest.raises(SystemExit) as end:
        app(["latency", "calibrate", "--space", "nasbench_macro", *QUICK, "-o", str(tmp_path / "new" / "table.json")])
    assert end.value.code == 130
    assert capsys.readouterr().err.split("\n")[-2:] == ["error: stopped", ""]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_real_calibration_is_worth_having(tmp_path):
    path = tmp_path / "table.json"
    run("latency", "calibrate", "--space", "nasbench_macro", "--seconds", "20", "-o", path, "--force")
    assert read_table(path).quality.spearman > 0.9


def test_single_networks_are_predicted_and_where_the_figure_is_from_is_told(pretended, table_file):
    told = json.loads(run("latency", "predict", table_file, "b0", "resnet18", "--json"))
    assert told["table"] == read_table(table_file).digest
    assert [row["network"] for row in told["networks"]] == ["b0", "resnet18"]
    assert all(row["latency"] > 0 for row in told["networks"])
    known = load_network("resnet18")
    assert told["networks"][1]["latency"] == predict(known, read_table(table_file)).ns
    assert "predicted for" in run("latency", "predict", table_file, "b0")


def test_a_file_is_timed_in_the_runtimes_that_open_it(tmp_path):
    (tmp_path / "net.onnx").write_bytes(write(load_network("lenet5").graph).SerializeToString())
    asked = ["bench", tmp_path / "net.onnx", "lenet5", "--seconds", "0.1", "--json", "--runtime"]
    told = json.loads(run(*asked, "onnxruntime,torch"))
    assert [row["runtime"] for row in told["timings"]] == ["onnxruntime", "onnxruntime", "torch"]
    assert any("torch opens no such file" in remark for remark in told["remarks"])
    with pytest.raises(LatencyError, match="torch opens no such file"):
        run(*asked, "torch")
