"""Every exporter's files are opened by those who will use them and equal the source module, or nothing is left."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from representatives import REPRESENTATIVES
from safetensors.torch import load_file, save_file
from test_cli import document, nascli

from nas import zoo
from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.compiler import compile_graph
from nas.errors import ExportError, FileError, NasError
from nas.export import EXPORTERS, comparing, exporter, read_targets
from nas.export.exporting import export
from nas.export.onnx import saving
from nas.graph import Graph
from nas.lowering import lower
from nas.networks import Network, load_network, network_text
from nas.runtimes.onnxruntime import OnnxRuntime
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


def test_an_onnx_file_says_of_which_network_it_is(tmp_path):
    import onnx

    source = network(TINY, "tiny Größe, 2×")
    export(source, {"onnx": {}}, tmp_path / "out")
    told = onnx.load(next((tmp_path / "out").glob("*.onnx")))
    assert told.producer_name == "nascli"
    found = {one.key: one.value for one in told.metadata_props}
    assert found == {"network": "tiny Größe, 2×", "digest": source.graph.digest()}


def test_weights_that_one_protobuf_file_does_not_hold_stand_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "LARGEST", 1000)
    source = network(TINY, "tiny Größe, 2×")
    model = compile_graph(source.graph).eval()
    save_weights(model, tmp_path / "w.safetensors")
    found = export(source, {"onnx": {}}, tmp_path / "a folder of ümlauts", weights=tmp_path / "w.safetensors")
    file, data = found.artefacts[0].files
    assert data == f"{file}.data"
    assert found.artefacts[0].files[data] > 3 * source.graph.params  # bytes; what is small stays in the first
    moved = (tmp_path / "a folder of ümlauts").rename(tmp_path / "else where")
    images = comparing.images(source.graph, 2, 0)
    (theirs,) = OnnxRuntime().opened(moved / file).run(images.numpy())
    assert torch.allclose(torch.from_numpy(theirs), model(images), atol=1e-4)
    told = document("bench", moved / file, "--seconds", "0.1")
    assert told["timings"][0]["network"] == str(moved / file)
    session = OnnxRuntime().session(source.graph)  # of a network, without a file of its own
    assert session.run(images.numpy())[0].shape == theirs.shape
    (moved / data).unlink()
    with pytest.raises(FileError, match="onnxruntime cannot open it") as refusal:
        OnnxRuntime().opened(moved / file)
    assert "\n" not in str(refusal.value)


def test_an_empty_folder_is_written_into_and_keeps_its_permissions(tmp_path):
    (folder := tmp_path / "mine").mkdir(mode=0o700)
    before = folder.stat()
    export(network(TINY), {"safetensors": {}}, folder)
    assert (folder.stat().st_ino, folder.stat().st_mode) == (before.st_ino, before.st_mode)
    assert {path.name for path in tmp_path.iterdir()} == {"mine"}
    assert (folder / "tiny.safetensors").is_file()


def test_given_weights_are_those_of_every_file(tmp_path):
    source = network(TINY)
    model = compile_graph(source.graph)
    comparing.randomise(model, source.graph, 7)
    save_weights(model, tmp_path / "w.safetensors")
    found = export(source, {"safetensors": {}, "code": {}}, tmp_path / "out", weights=tmp_path / "w.safetensors")
    assert all(one.randomised for one in found.artefacts)  # they were tried on random ones all the same
    read = load_file(tmp_path / "out" / "tiny.safetensors")
    assert all(torch.equal(read[key], tensor) for key, tensor in model.state_dict().items())


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REPRESENTATIVES))
def test_every_family_is_written(tmp_path, name):  # of the whole zoo, results/export.md
    code = {"code": {}} if name in zoo.tables() else {}
    export(load_network(name), {"torch-export": {}, "safetensors": {}, **code}, tmp_path / "out")


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
    with pytest.raises(ExportError, match=r"exporter onnx needs onnxruntime: pip install onnx onnxruntime torch==2"):
        export(network(TINY), {"onnx": {}}, tmp_path / "out")


def test_a_target_that_is_there_stays_as_it_is(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for target, message in (
        ("full", "not empty"),
        ("file", "a file"),
        ("file/below", "a file stands where"),
    ):
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
    from nas.export.formats import safetensors

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
