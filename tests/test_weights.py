"""Weights of local files load whole or not at all, and no file can run code."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from test_cli import document, nascli

from nas import zoo
from nas.compiler import compile_graph
from nas.errors import FileError
from nas.weights import load_weights, read_weights, save_weights


def model(**arguments):
    return compile_graph(zoo.build("resnet18", **arguments))


@pytest.fixture(scope="module")
def resnet18():
    return model()


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


WRAPPED = {
    "bare": lambda state: state,
    "by a script": lambda state: {"state_dict": state, "epoch": 3, "arch": "resnet18"},
    "in parallel": lambda state: {"model": {f"module.{key}": value for key, value in state.items()}},
    "averaged": lambda state: {"state_dict": {k: v + 1 for k, v in state.items()}, "state_dict_ema": state},
    "before counters": lambda state: {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")},
}


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("ending", ["pth", "pt"])
def test_a_torch_file_loads_however_a_script_wrapped_it(tmp_path, resnet18, wrapped, ending):
    path = tmp_path / f"weights.{ending}"
    torch.save(WRAPPED[wrapped](resnet18.state_dict()), path)
    other = model()
    load_weights(other, path)
    assert equal(resnet18, other)


def test_safetensors_written_are_read_back(tmp_path, resnet18):
    save_weights(resnet18, tmp_path / "w.safetensors")
    other = model()
    load_weights(other, tmp_path / "w.safetensors")
    assert equal(resnet18, other)
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("touched"),))


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path, monkeypatch, whole):
    monkeypatch.chdir(tmp_path)
    if whole:
        Path("evil.pth").write_bytes(pickle.dumps(Evil()))
    else:
        torch.save({"state_dict": {"conv1.weight": torch.zeros(1)}, "optimizer": Evil()}, "evil.pth")
    with pytest.raises(FileError, match=r"evil.pth: not a file of tensors alone"):
        read_weights("evil.pth")
    assert not Path("touched").exists()


@pytest.mark.parametrize(
    ("content", "ending", "message"),
    [
        (b"", "pth", "not a file of tensors alone"),
        (b"PK\x03\x04 cut off", "pth", "not a file of tensors alone"),
        (b"{}", "safetensors", "not a safetensors file"),
        (b"\xff" * 64, "safetensors", "not a safetensors file"),
        (b"abc", "bin", r"weights are read from \.safetensors, \.pth, \.pt files"),
    ],
)
def test_a_file_of_something_else_is_told_in_one_line(tmp_path, content, ending, message):
    (tmp_path / f"w.{ending}").write_bytes(content)
    with pytest.raises(FileError, match=message) as error:
        read_weights(tmp_path / f"w.{ending}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [3, [torch.zeros(1)], {"state_dict": {}}, {"a": 1}, {}])
def test_a_torch_file_without_a_state_dict_is_told(tmp_path, value):
    torch.save(value, tmp_path / "w.pth")
    with pytest.raises(FileError, match=r"w\.pth: (holds no state dict|not a file of tensors alone)"):
        read_weights(tmp_path / "w.pth")


ODD = {
    "sparse": lambda tensor: tensor.to_sparse(),
    "complex": lambda tensor: tensor.to(torch.complex64),
    "quantised": lambda tensor: torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ODD)
def test_a_tensor_that_is_no_plain_real_one_is_told_and_changes_nothing(tmp_path, resnet18, kind):
    state = resnet18.state_dict()
    torch.save({**state, "fc.weight": ODD[kind](state["fc.weight"])}, tmp_path / "w.pth")
    other = model()
    before = other.conv1.weight.clone()
    with pytest.raises(FileError, match=r"fc\.weight is no plain tensor|not a file of tensors alone"):
        load_weights(other, tmp_path / "w.pth")
    assert torch.equal(other.conv1.weight, before)


def test_a_module_without_storage_is_told(tmp_path, resnet18):
    save_weights(resnet18, tmp_path / "w.safetensors")
    with torch.device("meta"):
        other = model()
    with pytest.raises(FileError, match="meta device"):
        load_weights(other, tmp_path / "w.safetensors")


def test_a_missing_file_is_told(tmp_path):
    for ending in ("pth", "safetensors"):
        with pytest.raises(FileError, match="No such file"):
            read_weights(tmp_path / f"none.{ending}")


def changed(state, **more):
    return {**{key: value.clone() for key, value in state.items()}, **more}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {k: v for k, v in s.items() if not k.startswith("fc.")}, "it lacks fc.weight and 1 more"),
        (lambda s: changed(s, extra=torch.zeros(1)), "the network has no extra"),
        (lambda s: changed(s, **{"fc.bias": torch.zeros(10)}), "fc.bias is 10 there and 1000 here"),
    ],
)
def test_weights_that_do_not_fit_are_told_and_change_nothing(tmp_path, resnet18, change, message):
    save_file(change(resnet18.state_dict()), tmp_path / "w.safetensors")
    other = model()
    before = {key: value.clone() for key, value in other.state_dict().items()}
    with pytest.raises(FileError, match=message):
        load_weights(other, tmp_path / "w.safetensors")
    assert all(torch.equal(before[key], value) for key, value in other.state_dict().items())


def test_the_command_checks_converts_and_tells(tmp_path, resnet18):
    torch.save(model(num_classes=7).state_dict(), tmp_path / "seven.pth")
    wrong = nascli("zoo", "weights", "resnet18", tmp_path / "seven.pth")
    assert wrong.returncode == 2
    assert "fc.weight is 7×512 there and 1000×512 here" in wrong.stderr
    to = tmp_path / "seven.safetensors"
    told = document("zoo", "weights", "resnet18", tmp_path / "seven.pth", "--num-classes", 7, "--to", to)
    assert (told["schema"], told["params"]) == ("nascli.weights/1", 11_180_103)
    assert set(read_weights(to)) == set(resnet18.state_dict())
