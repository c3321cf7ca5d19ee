"""Files are read with suspicion and written whole."""

from __future__ import annotations

import json

import pytest

from nas import files, zoo
from nas.errors import NasError
from nas.graph import Graph
from nas.networks import load_network, network_document


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "best.json"
    files.write_text(path, "first")

    def broken(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", broken)
    with pytest.raises(files.FileError, match="No space left"):
        files.write_text(path, "second")
    assert path.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["best.json"]


def test_a_network_file_gives_back_its_network(tmp_path):
    network = load_network("b0")
    path = tmp_path / "b0.json"
    path.write_text(json.dumps(network_document(network, with_graph=True)))
    again = load_network(str(path))
    assert again.architecture == network.architecture
    assert again.graph == network.graph
    path.write_text(zoo.build("b0").to_json())
    assert load_network(str(path)).graph == network.graph


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("[]", "expected a JSON object"),
        ("[" * 100_000, "nested too deeply|not JSON"),
        ('{"schema": "nascli.network/7"}', "is not known here"),
        ('{"schema": "nascli.architecture/1"}', "no 'architecture'"),
        ('{"schema": "nascli.architecture/1", "name": "x", "architecture": {}}', "resolution"),
        ('{"schema": "nascli.architecture/1", "name": "x", "architecture": 3}', "architecture"),
        ('{"schema": "nascli.architecture/1", "name": 3, "architecture": {}}', "name must be a text"),
        ('{"schema": "nascli.architecture/1", "nmae": "x"}', "best.json: no key 'nmae'; did you mean 'name'"),
        ('{"num_classes": ' + "9" * 5000 + "}", "thousands of digits"),
    ],
)
def test_a_file_that_is_no_network_is_one_clear_line(tmp_path, text, message):
    path = tmp_path / "best.json"
    path.write_text(text)
    with pytest.raises(NasError, match=message) as refusal:
        load_network(str(path))
    assert "\n" not in str(refusal.value)
    assert "best.json" in str(refusal.value) or "architecture" in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a["stages"][1].update(channels=10**9), "stages.*channels"),
        (lambda a: a["stages"][1].update(block="mbconvv"), "did you mean 'mbconv'"),
        (lambda a: a["stages"][1].update(colour="red"), "colour"),
        (lambda a: a.update(activation="sil"), "did you mean 'silu'"),
        (lambda a: a.update(resolution=-1), "resolution"),
        (lambda a: a.update(stages=[]), "stages"),
        (lambda a: a.update(stages=[a["stages"][0]] * 500), "stages"),
        (lambda a: [row.update(repeats=1000) for row in a["stages"]], "more than 4096 blocks"),
        (lambda a: a.update(naming="timm"), "naming table"),
        (lambda a: a.update(init="nope"), "no weight initialisation 'nope'"),
        (lambda a: a["stages"][1].update(expand=float("nan")), "expand"),
    ],
)
def test_a_damaged_architecture_is_one_clear_line(tmp_path, change, message):
    document = network_document(load_network("b0"))
    change(document["architecture"])
    path = tmp_path / "net.json"
    path.write_text(json.dumps(document))
    with pytest.raises(NasError, match=message) as refusal:
        load_network(str(path))
    assert "\n" not in str(refusal.value)


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "big.json"
    with path.open("wb") as file:
        file.truncate(files.LARGEST_FILE + 1)
    with pytest.raises(files.FileError, match="larger than"):
        load_network(str(path))


def test_a_binary_file_is_one_clear_line(tmp_path):
    path = tmp_path / "weights.json"
    path.write_bytes(b"\x80\x04\x95" + bytes(range(256)))
    with pytest.raises(files.FileError, match="not a text file"):
        load_network(str(path))


def test_every_document_carries_its_schema_and_version():
    document = json.loads(Graph.to_json(zoo.build("resnet18")))
    assert document["schema"] == "nascli.graph/1"
    assert document["nascli_version"]


def test_a_device_without_end_is_not_read():
    with pytest.raises(NasError, match="larger than 1,000 bytes"):
        files.read_text("/dev/zero", 1000)
