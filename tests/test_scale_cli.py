"""`nascli scale` and `nascli scale fit`: what scripts rely on, and bad input told in one line."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import cli
from nas import zoo
from nas.graph import Graph, cost
from nas.networks import load_network
from scaling import RULES

JUDGE = "from nas import cost, lower\n\ndef params(table):\n    return cost(lower(table)).params / 1e6\n"
FIT = ("scale", "fit", "b0", "--evaluator", "python:function=scale_judge.params", "--step", 0.5, "--tolerance", 0.3)


@pytest.fixture
def nascli(capsys, tmp_path, monkeypatch):
    """Runs a command in a folder with graph.json and scale_judge.py: exit code, stdout, stderr."""
    (tmp_path / "graph.json").write_text(zoo.build("efficientnet_b0").to_json())
    (tmp_path / "scale_judge.py").write_text(JUDGE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            cli.app([str(word) for word in arguments])
        return end.value.code or 0, *capsys.readouterr()

    return run


def document(nascli, *arguments):
    code, out, err = nascli(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_tells_the_same_document(nascli, rule):
    base = "regnet_x_400mf" if rule == "regnet" else "v2-b0"
    told = document(nascli, "scale", base, "--phi", 0.5, "--rule", rule)
    assert (told["schema"], told["rule"], told["phi"]) == ("nascli.scaled/1", rule, 0.5)
    assert {"name", "depth", "width", "resolution", "params", "macs", "memory", "architecture"} <= set(told)
    assert "target" not in told


def test_a_network_scaled_to_a_budget_is_a_file_that_scales_on(nascli, tmp_path):
    asked = ("scale", "mobilenet_v2", "--to", "500M-flops")
    told = document(nascli, *asked, "--rule", "fast:alpha=0.5", "--divisor", 16, "--out", "m.json")
    assert (told["target"], told["reason"]) == ("500M-flops", "")
    assert told["macs"] == pytest.approx(500e6, rel=0.02)
    assert told["off"] == pytest.approx(told["macs"] / 500e6 - 1, abs=1e-5)
    assert {row["channels"] % 16 for row in told["architecture"]["stages"]} == {0}
    assert cost(load_network(str(tmp_path / "m.json")).graph).params == told["params"]
    assert document(nascli, "scale", "m.json", "--phi", 0)["params"] == told["params"]
    assert "500M-flops is met to" in nascli(*asked)[1]


def test_a_graph_scales_without_a_table(nascli, tmp_path):
    told = document(nascli, "scale", "graph.json", "--phi", 1, "--rule", "resolution", "--out", "large.json")
    assert (told["architecture"], told["nearest_published"], told["resolution"]) == (None, None, 317)
    assert cost(load_network(str(tmp_path / "large.json")).graph).macs == told["macs"]


def test_a_graph_without_marks_scales_where_all_its_widths_are_free(nascli, tmp_path):
    nodes = zoo.build("mobilenet_v2").nodes.values()
    (tmp_path / "foreign.json").write_text(
        Graph([replace(node, width=None) for node in nodes], [("classifier.1", 0)]).to_json()
    )
    asked = ("scale", "foreign.json", "--phi", 1, "--rule", "width")
    assert "no width of this graph is marked as free" in nascli(*asked)[2]
    told = document(nascli, *asked, "--free", "all", "--out", "wide.json")
    assert told["width"] == pytest.approx(2**0.5)
    assert load_network(str(tmp_path / "wide.json")).graph.nodes["classifier.1"].op.out_features == 1000


def test_a_capped_axis_is_told(nascli):
    told = document(nascli, "scale", "b0", "--phi", 6, "--max-depth", 1.5, "--max-width", 1.25, "--max-resolution", 300)
    assert (told["depth"], told["width"], told["resolution"]) == (1.5, 1.25, 300)


def test_a_family_is_written_where_it_is_told(nascli, tmp_path):
    told = document(nascli, "scale", "mobilenet_v2", "--family", "300M,400M-flops", "--rule", "width", "--out", "kin")
    assert told == json.loads((tmp_path / "kin" / "family.json").read_text())
    assert [member["target"] for member in told["members"]] == ["300M-flops", "400M-flops"]
    assert {"family.json", "family.png"} < {path.name for path in (tmp_path / "kin").iterdir()}


def test_a_fit_is_written_and_resumes(nascli, tmp_path):
    told = document(nascli, *FIT)
    assert told == json.loads((tmp_path / "runs" / "efficientnet_b0-fit" / "fit.json").read_text())
    assert (told["schema"], told["name"], told["resumed"]) == ("nascli.fit/1", "efficientnet_b0", 0)
    assert told["chosen"] == max(told["points"], key=lambda point: point["value"])
    assert {"alpha": 1.2, "beta": 1.1, "gamma": 1.15, "paper": True}.items() <= told["points"][-1].items()
    again = document(nascli, *FIT)
    assert again == {**told, "resumed": again["resumed"]}
    assert again["resumed"] > 0
    assert "chosen" in nascli(*FIT)[1]
    assert "holds another fit" in nascli(*FIT[:-1], 0.4)[2]


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (("b0",), "scale takes one of --phi 3, --preset b3, --to 1.2G-flops and --family", 2),
        (("b0", "--phi", 1000), "phi=1000 is out of bounds; it must lie in [-30, 30]", 2),
        (("b0", "--phi", 29), "phi=29: scaled too far: architecture.resolution: Input should be less than or equal", 2),
        (("resnet50", "--phi=-3", "--rule", "depth"), "depth × 0.125 leaves no block in stage 1 (3 repeats)", 2),
        (("b0", "--preset", "b33"), "no preset 'b33'; did you mean 'b3'?", 2),
        (("b0", "--phi", 1, "--rule", "efficientnett"), "no rule 'efficientnett'; did you mean 'efficientnet'?", 2),
        (("b0", "--phi", 1, "--rule", "efficientnet:alpa=2"), "no key 'alpa'; did you mean 'alpha'?", 2),
        (("b0", "--phi", 1, "--rule", "efficientnet:alpha=0.9"), "alpha=0.9 shrinks with φ; it must be at least 1", 2),
        (("b0", "--phi", 1, "--rule", "efficientnetv2:late_layers=1.5"), "late_layers=1.5 is no whole number", 2),
        (("b0", "--phi", 1, "--rule", "efficientnetv2:last_stage=big"), "last_stage=big: write 320x2", 2),
        (("b0", "--phi", 1, "--rule", "efficientnetv2:width=0"), "width multiplier 0 is out of bounds", 2),
        (("v2-b0", "--phi", 5, "--rule", "efficientnetv2:late_layers=5000"), "phi=5: architecture.stages.repeats", 2),
        (("resnet50", "--phi", 5, "--rule", "efficientnetv2"), "no MBConv stage of expand 6", 2),
        (("b0", "--phi", 1, "--rule", "fast:alpha=2"), "alpha=2 is a share; it must lie in [0, 1]", 2),
        (("b0", "--phi", 1, "--rule", "depth:alpha=2"), "rule depth takes no 'alpha'", 2),
        (("b0", "--phi", 1, "--rule", "regnet"), "rule regnet scales the published RegNets", 2),
        (
            ("graph.json", "--phi", 1, "--rule", "efficientnetv2"),
            "a bare graph; rule efficientnetv2 needs a table of stages",
            2,
        ),
        (("graph.json", "--phi", 3), "stage1 has one block", 2),
        (("graph.json", "--preset", "b3"), "is a bare graph; a preset needs a table of stages", 2),
        (("b0", "--phi", 1, "--max-depth", 0.5), "the cap on depth, × 0.5, lies below the base", 2),
        (("b0", "--phi", 1, "--max-resolution", 100), "the cap on resolution, 100 px, lies below", 2),
        (("b0", "--phi", 1, "--divisor", 0), "--divisor", 2),
        (("graph.json", "--phi", 1, "--free", "some"), "no --free 'some'", 2),
        (("b0", "--to", "1K-flops"), "1K-flops is out of reach: from φ =", 3),
        (("b0", "--to", "10M-params", "--rule", "resolution"), "this rule does not change params", 3),
        (("b0", "--to", "400M"), "names no metric", 2),
        (("b0", "--family", "400M-flops,1K-flops"), "1K-flops is out of reach", 3),
        (("b0", "--family", ",", "--out", "kin"), "name 1 to 64 budgets", 2),
        (("fit", "b0"), "Missing option '--evaluator'", 2),
        (("fit", *FIT[2:5], "--product", 1.9, "--tolerance", 0, "--step", 1), "no α, β, γ ≥ 1 on a grid of 1 has", 2),
        (("fit", *FIT[2:5], "--product", 0.5), "the product lies in [1, 64] (α, β, γ ≥ 1)", 2),
        (("fit", "graph.json", *FIT[3:5]), "is a bare graph; a fit needs a table of stages", 2),
        (("fit", "b0", "--evaluator", "python:function=scale_judge.speed"), "scale_judge has no speed", 2),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(nascli, tmp_path, arguments, message, code):
    before = sorted(tmp_path.iterdir())
    found, out, err = nascli("scale", *arguments)
    assert (found, out) == (code, ""), err
    assert len(err.splitlines()) == 1, err
    assert message in err
    assert [path for path in sorted(tmp_path.iterdir()) if path.name != "__pycache__"] == before
