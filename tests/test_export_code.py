"""The exporter "code" writes one readable file for every kind of block, which loads the weights with torch alone."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from representatives import PARAMS
from safetensors.torch import load_file, save, save_file
from test_export import TINY, network

from nas import zoo
from nas.architecture import Architecture
from nas.blocks import BLOCKS, HiddenHead, stages
from nas.compiler import compile_graph
from nas.errors import ExportError
from nas.export import comparing
from nas.export.code import code_of
from nas.export.code.ops import EXPRESSIONS, MODULES, PARAMETERS
from nas.export.exporting import export
from nas.export.timm import text_of
from nas.files import write_text
from nas.graph.ops import OPS
from nas.networks import Network, load_network
from nas.weights import save_weights


@pytest.mark.parametrize("kind", ["float64", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int32", "uint8"])
def test_written_code_reads_weights_of_every_type(tmp_path, kind):
    export(network(TINY), {"code": {}}, tmp_path / "out")
    weights = {
        key: tensor.to(getattr(torch, kind)) for key, tensor in load_file(tmp_path / "out/tiny.safetensors").items()
    }
    save_file(weights, tmp_path / "other.safetensors")
    with comparing.executed(tmp_path / "out" / "tiny.py") as module:
        read = module.read_weights(tmp_path / "other.safetensors")
        state = module.tiny(tmp_path / "other.safetensors").state_dict()
    assert {key: tensor.dtype for key, tensor in read.items()} == {key: one.dtype for key, one in weights.items()}
    assert all(torch.equal(state[key], one.to(state[key].dtype)) for key, one in weights.items())


NO_WEIGHTS = {
    "complex": (save({"w": torch.zeros(1, dtype=torch.complex64)}), "w is C64; known: F64, F32"),
    "header beyond the file": ((2**62).to_bytes(8, "little") + b"{}", "is no safetensors file"),
    "cut off": (save({"w": torch.zeros(4)})[:-1], "w lies outside of the file"),
    "empty": (b"", "is no safetensors file"),
}


@pytest.mark.parametrize("kind", NO_WEIGHTS)
def test_written_code_refuses_what_are_no_weights(tmp_path, kind):
    data, message = NO_WEIGHTS[kind]
    (tmp_path / "none.safetensors").write_bytes(data)
    write_text(tmp_path / "tiny.py", code_of(network(TINY)))
    with comparing.executed(tmp_path / "tiny.py") as module, pytest.raises(ValueError, match=message):
        module.read_weights(tmp_path / "none.safetensors")


@pytest.mark.parametrize("name", ["Winner", "EfficientNet", "Mbconv", "drop_path"])
def test_a_name_like_that_of_a_class_is_no_trouble(tmp_path, name):
    export(replace(network(TINY), name=name), {"code": {}}, tmp_path / "out")


@pytest.mark.parametrize("name", ["SqueezeExcite", "MBConv", "STEPS"])
def test_a_name_that_a_part_of_the_file_has_is_refused_in_one_line(tmp_path, name):
    with pytest.raises(ExportError, match=f"the file of {name} has a part of that name"):
        export(replace(network(TINY), name=name), {"code": {}}, tmp_path / "out")
    assert not list(tmp_path.iterdir())


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


# Blocks that searches have and no table of the zoo.
OWN = {
    "projection": TINY.model_copy(
        update={"stages": (*TINY.stages, *stages("block stride channels repeats", ("projection", 2, 24, 2)))}
    )
}
# A network a kind of block: the smallest table of the zoo that has it, cut to two blocks of its first rows.
KINDS = {
    kind: min(
        (name for name in zoo.tables() if any(row.block == kind for row in zoo.architecture(name).stages)),
        key=lambda name: (PARAMS[name] or 1e12, name),
    )
    for kind in BLOCKS
    if kind not in OWN
}


def shortened(kind: str) -> Architecture:
    """A table's first rows, and one of the kind where that comes later, at 64 pixels."""
    if kind in OWN:
        return OWN[kind]
    table = zoo.architecture(KINDS[kind])
    rows = [*table.stages[:2], *[row for row in table.stages[2:] if row.block == kind][:1]]
    rows = [row.model_copy(update={"repeats": min(2, row.repeats)}) for row in rows]
    return table.model_copy(update={"stages": tuple(rows), "resolution": 64})


def kinds() -> list[Any]:
    """The kinds as test parameters, the largest network's as a slow one."""
    large = {kind for kind, name in KINDS.items() if (PARAMS.get(name) or 0) > 5e7}
    return [pytest.param(kind, marks=pytest.mark.slow if kind in large else ()) for kind in BLOCKS]


@pytest.mark.parametrize("kind", kinds())
def test_code_has_a_class_for_every_kind_of_block(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(comparing, "BATCHES", (1,))
    source = network(shortened(kind), "short")
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
def test_code_of_every_published_table_can_be_read(name):
    source = load_network(name)
    check_readable(code_of(source), source)


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
