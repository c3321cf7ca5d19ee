"""Every exporter's files are opened by those who will use them and equal the source module, or nothing is left."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from representatives import PARAMS
from safetensors.torch import load_file, save_file
from test_cli import document, nascli

from nas import zoo
from nas.architecture import Architecture
from nas.blocks import BLOCKS, ConvStem, HiddenHead, PoolHead, stages
from nas.compiler import compile_graph
from nas.errors import ExportError, FileError, NasError
from nas.export import EXPORTERS, comparing, exporter, read_targets
from nas.export.code import code_of
from nas.export.code.ops import EXPRESSIONS, MODULES, PARAMETERS
from nas.export.exporting import export
from nas.export.timm import definition_of, text_of
from nas.graph import Graph
from nas.graph.ops import OPS
from nas.lowering import lower
from nas.networks import Network, load_network, network_text
from nas.weights import save_weights

TINY = Architecture(
    resolution=32,
    stem=ConvStem(channels=8),
    stages=stages(
        "block expand kernel stride channels repeats se",
        ("mbconv", 1, 3, 1, 8, 1, 0.25),
        ("mbconv", 4, 5, 2, 16, 2, 0.25),
    ),
    head=PoolHead(channels=32, dropout=0.2),
    activation="silu",
    drop_path=0.1,
    naming="torchvision_efficientnet",
    init="efficientnet",
)


def network(table: Architecture, name: str = "tiny", classes: int = 10) -> Network:
    return Network.of(table, classes, 3, lower(table, classes, name=name))


# timm is an oracle, which a test may not have, and torch.export takes its time.
MARKS = {"timm": [pytest.mark.oracle], "torch-export": [pytest.mark.slow]}
ALL = [pytest.param(name, marks=MARKS.get(name, [])) for name in EXPORTERS]


@pytest.mark.parametrize("name", ALL)
def test_what_is_written_is_opened_again_and_equals_the_source(tmp_path, name):
    found = export(network(TINY), {name: {}}, tmp_path / "out", seed=3)
    (made,) = found.artefacts
    assert [one.batch for one in made.written] == [one.batch for one in made.randomised] == [1, 3]
    assert all(one.relative <= EXPORTERS[name].tolerance for one in (*made.written, *made.randomised))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*made.files, "export.json"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_batch_norms_are_folded_away_unless_they_are_to_stay(tmp_path):
    import onnx

    found = {}
    for fold in ("yes", "no"):
        export(network(TINY), {"onnx": {"fold": fold}}, tmp_path / fold)
        found[fold] = [node.op_type for node in onnx.load(tmp_path / fold / "tiny.onnx").graph.node]
    assert "BatchNormalization" not in found["yes"]
    assert found["no"].count("BatchNormalization") == 1 + 2 + 2 * 3 + 1  # stem, e1 block, two blocks, head


def test_given_weights_are_those_of_every_file(tmp_path):
    source = network(TINY)
    model = compile_graph(source.graph)
    comparing.randomise(model, source.graph, 7)
    save_weights(model, tmp_path / "w.safetensors")
    found = export(source, {"safetensors": {}, "code": {}}, tmp_path / "out", weights=tmp_path / "w.safetensors")
    assert all(one.randomised for one in found.artefacts)  # they were tried on random ones all the same
    read = load_file(tmp_path / "out" / "tiny.safetensors")
    assert all(torch.equal(read[key], tensor) for key, tensor in model.state_dict().items())


HOSTILE = ('x"""; open("read", "w").write("1"); """', "class", "torch", "read_weights", "a" * 300, "../up", "é")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_code(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    export(replace(network(TINY), name=name), {"code": {}}, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert not [n for n in ast.walk(ast.parse(text_of(replace(network(TINY), name=name)))) if called(n) == "open"]


def called(node: ast.AST) -> str:
    """The plain name that a node calls."""
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


# A network a kind of block: the smallest table of the zoo that has it, cut to two blocks of its first rows.
KINDS = {
    kind: min(
        (name for name in zoo.tables() if any(row.block == kind for row in zoo.architecture(name).stages)),
        key=lambda name: (PARAMS[name] or 1e12, name),
        default="",
    )
    for kind in BLOCKS
}


def shortened(name: str, kind: str) -> Architecture:
    """Its first rows, and one of the kind where that comes later, at 64 pixels."""
    table = zoo.architecture(name)
    rows = [*table.stages[:2], *[row for row in table.stages[2:] if row.block == kind][:1]]
    rows = [row.model_copy(update={"repeats": min(2, row.repeats)}) for row in rows]
    return table.model_copy(update={"stages": tuple(rows), "resolution": 64})


def kinds() -> list[Any]:
    """The kinds as test parameters, the largest network's as a slow one."""
    large = {kind for kind, name in KINDS.items() if (PARAMS.get(name) or 0) > 5e7}
    return [pytest.param(kind, marks=pytest.mark.slow if kind in large else ()) for kind in BLOCKS if KINDS[kind]]


@pytest.mark.parametrize("kind", kinds())
def test_code_has_a_class_for_every_kind_of_block(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(comparing, "BATCHES", (1,))
    source = network(shortened(KINDS[kind], kind), "short")
    weights = compile_graph(source.graph)
    comparing.randomise(weights, source.graph, 0)
    save_weights(weights, tmp_path / "w.safetensors")
    found = export(source, {"code": {}}, tmp_path / "out", weights=tmp_path / "w.safetensors")
    assert found.artefacts[0].written[0].relative < 1e-5
    check_readable((tmp_path / "out" / "short.py").read_text(), source)


def check_readable(text: str, source: Network) -> None:
    """Torch alone, a row a stage, lines that fit a screen, and far shorter than one line an op."""
    tree = ast.parse(text)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} - set(sys.stdlib_module_names) == {"torch"}
    table = next(node.value for node in tree.body if isinstance(node, ast.Assign) and "STAGES" in ast.unparse(node))
    assert source.architecture is not None
    if isinstance(table, ast.Tuple):
        assert len(table.elts) == len(source.architecture.stages)
    assert all(len(line) <= 120 for line in text.splitlines())
    assert all(ast.get_docstring(node) is not None for node in tree.body if isinstance(node, ast.FunctionDef))


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.tables())
def test_code_of_every_published_table_loads_the_weights(tmp_path, monkeypatch, name):
    monkeypatch.setattr(comparing, "BATCHES", (1,))
    source = load_network(name)
    if source.graph.params > 60e6:
        check_readable(code_of(source), source)
        return
    found = export(source, {"code": {}}, tmp_path / "out")
    assert found.artefacts[0].written[0].relative < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torch-export", "onnx", "safetensors"])
def test_every_family_is_written(tmp_path, representatives, name, network):
    if network not in representatives:
        pytest.skip("a family's other members differ in size")
    export(load_network(network), {name: {}}, tmp_path / "out")


TIMM = ["efficientnet_b0", "efficientnetv2_b0", "mobilenet_v2", "mobilenet_v3_small", "mobilenetv1_100", "mnasnet0_5"]
TIMM += ["mobilenetv4_conv_small", "regnet_y_400mf", "regnet_x_400mf", "resnet18", "seresnext50_32x4d"]
TIMM += ["wide_resnet50_2", "convnext_tiny", "convnextv2_atto"]


@pytest.mark.oracle
@pytest.mark.parametrize("name", TIMM)
def test_timm_builds_what_it_knows(tmp_path, monkeypatch, name):
    monkeypatch.setattr(comparing, "BATCHES", (1,))
    export(load_network(name), {"timm": {}}, tmp_path / "out")


REFUSED = {
    "densenet121": "blocks 'dense' have no definition here; known: basic, bottleneck",
    "inception_v3": "inception_v3 is no table of stages",
    "senet154": "its stem is not one of timm's",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_timm_cannot_express_is_named(name):
    with pytest.raises(ExportError, match=REFUSED[name]):
        definition_of(load_network(name))


def test_a_width_that_timm_would_round_is_named():
    rows = stages("block expand channels", ("mbconv", 1, 18), ("mbconv", 6, 20))
    odd = TINY.model_copy(update={"stages": rows})
    with pytest.raises(ExportError, match="stage 2 expands 18 channels × 6, which timm rounds to 8s"):
        definition_of(network(odd))


@pytest.mark.parametrize("name", ["inception_v3", "nasnet_mobile"])
def test_code_of_a_graph_without_a_table_is_refused(tmp_path, name):
    with pytest.raises(ExportError, match=r"is no table of stages.* onnx, torch-export and safetensors take it"):
        export(load_network(name), {"code": {}}, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_the_texts_of_ops_are_the_twin_of_the_op_table():
    assert {kind.kind for kind in (*MODULES, *EXPRESSIONS, *PARAMETERS)} >= set(OPS) - {"input"}
    assert not set(MODULES) & set(EXPRESSIONS)


def test_code_tells_rows_of_the_paper_as_they_stand():
    text = code_of(load_network("efficientnet_b0"))
    assert "(MBConv, 24,       2,       2,      6,      3,      0.25)," in text
    assert "# block  channels  repeats  stride  expand  kernel  se" in text
    assert text.count("class MBConv") == 1
    assert "expand != 1" in text


def test_code_of_a_network_without_classifier_or_of_another_head(tmp_path):
    export(network(TINY, classes=0), {"code": {}}, tmp_path / "features")
    hidden = TINY.model_copy(update={"head": HiddenHead(hidden=24), "naming": "plain"})
    export(network(hidden), {"code": {}}, tmp_path / "hidden")


BAD = {
    "onx": "no exporter 'onx'; did you mean 'onnx'",
    "onnx:fold=perhaps": "no onnx:fold 'perhaps'",
    "onnx:opset=9": "no key 'opset'",
    "code:fold=yes": "exporter code takes no 'fold'",
    "code,code": "exporter code stands twice",
}


@pytest.mark.parametrize("text", BAD)
def test_a_target_that_is_none_is_told(text):
    with pytest.raises(NasError, match=BAD[text]):
        read_targets(text)


def test_keys_and_exporters_share_the_comma():
    assert read_targets("code,onnx:fold=no,timm") == {"code": {}, "onnx": {"fold": "no"}, "timm": {}}


def test_a_missing_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(exporter, "find_spec", lambda name: None if name == "onnxruntime" else find_spec(name))
    with pytest.raises(ExportError, match=r"exporter onnx needs onnxruntime: pip install 'nascli\[export\]'"):
        export(network(TINY), {"onnx": {}}, tmp_path / "out")


def test_a_target_that_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for target, message in (("full", "not empty"), ("file", "a file"), ("file/below", "Not a directory|File exists")):
        with pytest.raises(FileError, match=message):
            export(network(TINY), {"safetensors": {}}, tmp_path / target)
    assert {path.name for path in tmp_path.rglob("*")} == {"full", "mine.txt", "file"}


def test_an_empty_folder_is_filled_and_missing_ones_above_are_made(tmp_path):
    (tmp_path / "empty").mkdir()
    for target in (tmp_path / "empty", tmp_path / "new" / "deep"):
        export(network(TINY), {"safetensors": {}}, target)
        assert (target / "tiny.safetensors").is_file()


def test_weights_of_another_network_leave_nothing(tmp_path):
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    with pytest.raises(FileError, match="does not fit this network"):
        export(network(TINY), {"code": {}}, tmp_path / "a" / "out", weights=tmp_path / "w.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_an_op_that_an_exporter_lacks_is_named_and_leaves_nothing(tmp_path, monkeypatch):
    from nas.export.onnx import writing
    from nas.graph.ops import BatchNorm

    monkeypatch.delitem(writing.NODES, BatchNorm)
    with pytest.raises(ExportError, match=r"node 'features\.0\.1': batch_norm"):
        export(network(TINY), {"safetensors": {}, "onnx": {}}, tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wrong", ["values", "shapes", "nothing finite"])
def test_a_mismatch_is_an_error_and_leaves_nothing(tmp_path, monkeypatch, wrong):
    from nas.export.rooms import safetensors

    reopen = safetensors.reopen
    change = {"values": lambda y: y + 0.1, "shapes": lambda y: y[:, 1:], "nothing finite": lambda y: y / 0}[wrong]
    monkeypatch.setattr(safetensors, "reopen", lambda *where: lambda x: [change(y) for y in reopen(*where)(x)])
    with pytest.raises(ExportError, match="safetensors: outputs of 1 images"):
        export(network(TINY), {"safetensors": {}}, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_graph_alone_is_written_with_all_its_outputs(tmp_path):
    graph = Graph.from_json(network(TINY).graph.to_json()).named("bare graph-1")
    found = export(Network(graph.name, graph), {"safetensors": {}, "onnx": {}}, tmp_path / "out")
    assert set(found.artefacts[1].files) == {"bare_graph_1.onnx"}


def test_the_command_prints_differences_and_one_document(tmp_path):
    (tmp_path / "tiny.json").write_text(network_text(network(TINY)))
    told = document("export", tmp_path / "tiny.json", "--to", "safetensors,code", "-o", tmp_path / "out")
    assert told["schema"] == "nascli.export/1"
    assert [row["exporter"] for row in told["artefacts"]] == ["safetensors", "code"]
    again = nascli("export", tmp_path / "tiny.json", "--to", "safetensors", "-o", tmp_path / "out")
    assert again.returncode == 2
    assert again.stderr.startswith("error: ")
    assert "not empty" in again.stderr
    assert again.stderr.count("\n") == 1
    assert (Path(told["folder"]) / "export.json").is_file()
