"""The command line: contracts that scripts rely on, and bad input told in one line."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from nas import zoo
from nas.graph import cost
from nas.networks import load_network

ROOT = Path(__file__).parent.parent


def nascli(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def document(*arguments: object, cwd: Path = ROOT) -> dict:
    """The one JSON document on stdout."""
    run = nascli(*arguments, "--json", cwd=cwd)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert {"schema", "nascli_version"} <= set(told)
    return told


def test_cost_tells_what_a_network_costs():
    told = document("cost", "b0")
    assert told["name"] == "efficientnet_b0"
    assert told["input_shape"] == [3, 224, 224]
    assert (told["params"], told["macs"], told["activations"]) == (5_288_548, 385_814_752, 6_747_036)
    assert told["peak_memory_bytes"] > 0
    assert told["uncounted"] == []
    assert document("cost", "b0", "--input", 240)["input_shape"] == [3, 240, 240]
    assert set(document("cost", "b0", "--by", "stage")["by_stage"]) >= {"stem", "stage1", "stage7", "head"}


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"stem": {"stem": ["patch"]}}, "no stem ['patch']; did you mean 'patch'?"),
        ({"head": {"head": "normm"}}, "no head 'normm'; did you mean 'norm'?"),
        ({"stages": [{"block": ["convnext"], "channels": 8}]}, "no block ['convnext']"),
        ({"norm": {"kind": "batch", "eps": "1"}}, "a number is wanted, not the text '1'"),
    ],
)
def test_a_table_with_a_misspelt_part_is_told_in_one_line(tmp_path, part, message):
    table = {**json.loads(json.dumps(zoo.architecture("convnext_tiny").model_dump(mode="json"))), **part}
    told = {"schema": "nascli.architecture/1", "name": "mine", "architecture": table}
    (tmp_path / "mine.json").write_text(json.dumps(told))
    space = {"schema": "nascli.space/1", "name": "mine", "base": table, "stages": [{"block": "basic", "channels": 8}]}
    (tmp_path / "space.json").write_text(json.dumps(space))
    for command in (("cost", tmp_path / "mine.json"), ("space", "show", tmp_path / "space.json")):
        run = nascli(*command)
        assert (run.returncode, run.stdout) == (2, "")
        assert message in run.stderr
        assert len(run.stderr.splitlines()) == 1


def test_scale_tells_the_network_and_its_nearest_published_kin():
    told = document("scale", "b0", "--phi", 3)
    assert (told["params"], told["macs"], told["resolution"]) == (16_350_296, 3_250_916_456, 341)
    assert (told["rule"], told["phi"]) == ("efficientnet", 3)
    assert told["depth"] == pytest.approx(1.2**3)
    assert told["width"] == pytest.approx(1.1**3)
    assert told["nearest_published"]["name"] == "efficientnet_b4"
    assert told["architecture"]["resolution"] == 341
    assert document("scale", "b0", "--preset", "b3")["params"] == 12_233_232
    assert document("scale", "v2-b0", "--preset", "v2-m")["params"] == 54_139_356


def test_a_scaled_network_is_a_file_that_scales_again(tmp_path):
    out = tmp_path / "scaled.json"
    assert nascli("scale", "b0", "--phi", "1", "--out", out).returncode == 0
    again = document("scale", out, "--phi", "0")
    assert again["params"] == document("cost", out)["params"]


def test_a_space_tells_its_size_slots_and_share():
    told = document("space", "show", "efficientnet", "--budget", "400M-flops")
    assert (told["name"], told["size"], len(told["slots"])) == ("efficientnet", 36**6 * 48, 28)
    assert told["within"]["count"] == 70_276_800_318  # counted by hand: sums of stages 1-4 against those of 5-7
    assert told["within"]["exact"]


def test_the_zoo_is_listed_shown_and_drawn(tmp_path):
    names = {row["name"] for row in document("zoo", "list")["networks"]}
    assert {"efficientnet_b0", "efficientnet_v2_s", "resnet50", "mobilenet_v2"} <= names
    assert document("zoo", "show", "resnet50")["params"] == 25_557_032
    for suffix in ("svg", "png"):
        run = nascli("zoo", "draw", "resnet18", "--out", tmp_path / f"net.{suffix}")
        assert run.returncode == 0, run.stderr
        assert (tmp_path / f"net.{suffix}").stat().st_size > 10_000


def test_version_tells_where_the_packages_are():
    run = nascli("--version")
    assert str(ROOT / "nas") in run.stdout


EVALUATOR = """
from nas import cost, lower

def params(architecture):
    return cost(lower(architecture, 10)).params / 1e6

def chatty(architecture):
    print("hello")
    return 1.0

def moody(architecture):
    raise RuntimeError("no luck")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "judge.py").write_text(EVALUATOR)
    return tmp_path


SEARCH = ("search", "--space", "nasbench_macro", "--budget", "60M-flops", "--trials", 20)
JUDGE = ("--evaluator", "python:function=judge.params")


def test_a_search_leaves_a_folder_and_resumes(folder):
    told = document(*SEARCH, *JUDGE, cwd=folder)
    assert told["trials"] == {"run": 20, "unique": 20, "feasible": 20, "failed": 0, "reasons": {}}
    assert told["out"] == "runs/nasbench_macro-60M-flops-s0"
    assert not told["resumed"]
    best = told["best"]
    assert best["macs"] <= 60_000_000
    assert best["score"] == pytest.approx(best["params"] / 1e6)
    out = folder / told["out"]
    files = {path.name for path in out.iterdir()} - {".lock", "study.journal"}
    assert files == {"record.json", "best.json", "front", "front.csv", "ties.csv", "front.png", "best.svg"}
    rows = list(csv.DictReader((out / "front.csv").read_text().splitlines()))
    params = [cost(load_network(str(out / f"front/{row:03d}.json")).graph).params for row in range(1, len(rows) + 1)]
    assert params == [int(row["params"]) for row in rows]  # each network of the front is one that every command takes
    record = json.loads((out / "record.json").read_text())
    assert record["command"].startswith("nascli search --space nasbench_macro")
    assert document("cost", out / "best.json")["params"] == best["params"]
    scaled = document("scale", out / "best.json", "--phi", 1)
    assert scaled["params"] > best["params"]
    again = document(*SEARCH, *JUDGE, cwd=folder)
    assert again["resumed"]
    assert again["best"] == best
    more = document(*SEARCH[:-1], 30, *JUDGE, cwd=folder)
    assert more["trials"]["run"] == 30


def test_an_evaluator_that_always_fails_says_why_and_exits_with_1(folder):
    run = nascli(*SEARCH, "--evaluator", "python:function=judge.moody", cwd=folder)
    assert "20 of 20 failed: RuntimeError: no luck" in run.stdout
    again = nascli(*SEARCH, "--evaluator", "python:function=judge.moody", "--json", cwd=folder)
    told = json.loads(again.stdout)
    assert (run.returncode, again.returncode, told["best"]) == (1, 1, None)
    assert told["trials"]["reasons"] == {"RuntimeError: no luck": 20}


def test_an_evaluator_that_prints_leaves_stdout_to_the_document(folder):
    told = document(*SEARCH, "--evaluator", "python:function=judge.chatty", cwd=folder)
    assert told["trials"]["run"] == 20


def test_an_evaluator_whose_file_changed_is_another(folder):
    document(*SEARCH, *JUDGE, cwd=folder)
    (folder / "judge.py").write_text(EVALUATOR.replace("/ 1e6", "/ 1e3"))
    run = nascli(*SEARCH, *JUDGE, cwd=folder)
    assert run.returncode == 2
    assert "holds another study" in run.stderr


def test_a_table_is_whole_in_a_narrow_pipe(tmp_path):
    run = nascli("search", "--space", "efficientnet", "--budget", "300M-flops", "--trials", 5, cwd=tmp_path)
    assert "over budget, 385.8M macs" in run.stdout
    assert "…" not in run.stdout


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (("search", "--space", "efficientnett"), "did you mean 'efficientnet'", 2),
        ((*SEARCH,), "no default evaluator", 2),
        (("search", "--space", "efficientnet", "--budget", "400M"), "names no metric", 2),
        (("search", "--space", "efficientnet", "--budget=-3M-flops"), "not a positive amount", 2),
        (("search", "--space", "efficientnet", "--budget", "400-flops"), "the least that it reaches", 3),
        (("search", "--space", "efficientnet", "--budget", "1M-flops"), "51.59M macs", 3),
        (
            ("search", "--space", "efficientnet", "--budget", "100M-flops", "--budget", "200M..300M-flops"),
            "nearest miss",
            3,
        ),
        (("search", "--space", "efficientnet", "--objective", "score,speed"), "no objective 'speed'", 2),
        (("search", "--space", "efficientnet", "--out", "/proc/nascli"), "cannot be written", 2),
        (("search",), "Missing option", 2),
        (("cost", "resnet51"), "did you mean", 2),
        (("cost", "no/such/best.json"), "No such file", 2),
        (("cost", "b0", "--by", "layer"), "no --by 'layer'", 2),
        (("scale", "b0", "--phi", "1000"), "out of bounds", 2),
        (("scale", "b0", "--phi", "three"), "--phi", 2),
        (("scale", "b0"), "one of --phi 3, --preset b3", 2),
        (("scale", "b0", "--preset", "b33"), "no preset 'b33'", 2),
        (("zoo", "draw", "b0", "--out", "b0.gif"), ".svg", 2),
        (("zoo", "lst"), "Did you mean 'list'", 2),
        (("cost", "b0", "--inptu", "3"), "--input", 2),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, arguments, message, code):
    run = nascli(*arguments, cwd=tmp_path)
    assert run.returncode == code, run.stderr
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1, run.stderr
    assert message in run.stderr
    assert not list(tmp_path.iterdir())
