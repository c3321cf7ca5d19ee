"""Every runtime runs the same network, times it, and says on what; what cannot be had is told in one line."""

from __future__ import annotations

import platform
import time
from typing import ClassVar

import numpy as np
import onnxruntime
import pytest
import torch

import search_spaces
from nas import zoo
from nas.errors import FileError, LatencyError
from nas.export.onnx import write
from nas.latency.calibrating import Settings, calibrate
from nas.latency.measuring import timer_of
from nas.runtimes import RUNTIMES, Member, runtime_named
from nas.runtimes import runtime as runtime_room
from nas.runtimes.runtime import processor
from nas.tensors import drawn

GRAPH = zoo.build("lenet5")


@pytest.fixture(params=RUNTIMES)
def runtime(request):
    return runtime_named(request.param)


def test_runtimes_agree_on_the_outputs_of_a_network(runtime):
    rng = np.random.default_rng(0)
    weights = drawn(GRAPH, rng)
    images = rng.standard_normal((3, *GRAPH.input_shape), dtype=np.float32)
    (found,) = runtime.session(GRAPH, weights).run(images)
    (wanted,) = runtime_named("torch").session(GRAPH, weights).run(images)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_weights_that_are_drawn_follow_from_the_seed(runtime):
    images = np.ones((1, *GRAPH.input_shape), dtype=np.float32)
    one, other, third = (runtime.session(GRAPH, seed=seed).run(images)[0] for seed in (1, 1, 2))
    assert (one == other).all()
    assert (one != third).any()


def test_a_stopwatch_tells_the_seconds_of_all_runs(runtime):
    session = runtime.session(GRAPH)
    assert session.input_shape == GRAPH.input_shape
    timer = timer_of(session, np.random.default_rng(0))
    timer(2)
    assert 0 < timer(1) < timer(50) < 5


def test_a_fingerprint_names_runtime_version_processor_and_threads(runtime):
    found = runtime.fingerprint(2, "cpu")
    assert (found.runtime, found.device, found.threads) == (runtime.name, "cpu", 2)
    assert found.version[0].isdigit()
    assert found.processor
    assert found == runtime.fingerprint(2, "cpu") != runtime.fingerprint(1, "cpu")
    assert str(found) == f"{runtime.name} {found.version} on {found.processor}, 2 threads"


@pytest.mark.parametrize("device", ["cuda", "abacus"])
def test_a_device_that_is_not_here_is_told_in_one_line(runtime, device):
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is one here")
    with pytest.raises(LatencyError, match=device) as refusal:
        runtime.fingerprint(1, device)
    assert "\n" not in str(refusal.value)


class ScriptedEvent:
    """An event of a pretended cuda device: so many milliseconds lie between any two, whatever the wall clock says."""

    happened: ClassVar[list[str]] = []

    def __init__(self, enable_timing: bool = False) -> None:
        assert enable_timing  # an event without keeps no time

    def record(self) -> None:
        self.happened.append("record")

    def synchronize(self) -> None:
        self.happened.append("wait")

    def elapsed_time(self, end) -> float:
        assert self.happened[-1] == "wait"  # before that the device may still be at work
        return 12.5


@pytest.fixture
def pretended_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a card")
    monkeypatch.setattr(torch.cuda, "Event", ScriptedEvent)
    monkeypatch.setattr(ScriptedEvent, "happened", [])
    for kind in (torch.nn.Module, torch.Tensor):
        monkeypatch.setattr(kind, "to", lambda self, device: self)


def test_cuda_is_timed_by_its_events_and_by_no_other_clock(pretended_cuda, monkeypatch):
    runtime, happened = runtime_named("torch"), ScriptedEvent.happened
    assert str(runtime.fingerprint(1, "cuda")) == f"torch {torch.__version__} on a card"
    timer = timer_of(runtime.session(GRAPH, device="cuda"), np.random.default_rng(0))

    def noted(module, images):
        if isinstance(module, torch.fx.GraphModule):
            happened.append("run")

    def clock():
        raise AssertionError("the wall clock knows nothing of what the device has yet to do")

    with monkeypatch.context() as patched:
        for name in ("perf_counter", "perf_counter_ns", "monotonic", "time"):
            patched.setattr(time, name, clock)
        hook = torch.nn.modules.module.register_module_forward_pre_hook(noted)
        found = timer(3)
        hook.remove()
    assert found == pytest.approx(0.0125)
    assert happened == ["record", "run", "run", "run", "record", "wait"]


CARD = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@CARD
def test_a_cards_events_agree_with_a_clock_that_waits_for_it():
    graph, rng = zoo.build("efficientnet_b0"), np.random.default_rng(0)
    weights, images = drawn(graph, rng), rng.standard_normal((2, *graph.input_shape), dtype=np.float32)
    session = runtime_named("torch").session(graph, weights, device="cuda")
    (wanted,) = runtime_named("torch").session(graph, weights).run(images)
    np.testing.assert_allclose(session.run(images)[0], wanted, atol=0.01 * np.abs(wanted).max())  # TF32
    timer = session.timer(images)
    timer(20)
    torch.cuda.synchronize()
    begun = time.perf_counter()
    told = timer(50)
    torch.cuda.synchronize()
    assert told == pytest.approx(time.perf_counter() - begun, rel=0.2)


@CARD
def test_a_card_has_a_table_of_its_own():
    settings = Settings(seconds=2.0, networks=5, held_out=3, device="cuda")
    table = calibrate(search_spaces.load("nasbench_macro"), runtime_named("torch"), settings).table
    assert table.device.device == "cuda"
    assert table.device.processor == torch.cuda.get_device_name()
    assert all(time > 0 for time in table.blocks.values())


def test_an_onnxruntime_that_falls_back_to_the_processor_measures_no_cuda(monkeypatch):
    session = runtime_named("onnxruntime").session(GRAPH)._session
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *asked, **options: session)
    with pytest.raises(LatencyError, match="no cuda device here"):
        runtime_named("onnxruntime").session(GRAPH, device="cuda")


def test_onnxruntime_on_cuda_names_the_card_that_the_driver_tells_of(monkeypatch, tmp_path):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(runtime_room, "CARDS", tmp_path)
    assert "does not name" in runtime_named("onnxruntime").fingerprint(1, "cuda").processor
    for bus in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / bus).mkdir()
        (tmp_path / bus / "information").write_text("Model: \t\t NVIDIA GeForce RTX 4090\nIRQ:   \t\t 61\n")
    assert runtime_named("onnxruntime").fingerprint(1, "cuda").processor == "NVIDIA GeForce RTX 4090"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_space_is_calibrated_on_cuda():
    settings = Settings(seconds=2, blocks=6, networks=4, held_out=3, device="cuda")
    table = calibrate(search_spaces.load("nasbench_macro"), runtime_named("torch"), settings).table
    assert (table.device.device, table.device.processor) == ("cuda", torch.cuda.get_device_name())
    assert all(0 < row.measured_ns < 1e9 for row in table.networks)


def test_an_unknown_runtime_names_the_known():
    with pytest.raises(LatencyError, match="did you mean 'onnxruntime'"):
        runtime_named("onnxruntim")


def test_a_runtime_that_is_not_installed_says_what_to_install(monkeypatch):
    def load():
        raise ModuleNotFoundError("No module named 'openvino'", name="openvino")

    monkeypatch.setitem(RUNTIMES, "openvino", Member("openvino", load))
    with pytest.raises(LatencyError, match=r"needs the package openvino.*pip install openvino"):
        runtime_named("openvino")


def test_an_onnx_file_is_opened_by_onnxruntime_alone(tmp_path):
    path = tmp_path / "lenet5.onnx"
    path.write_bytes(write(GRAPH).SerializeToString())
    session = runtime_named("onnxruntime").opened(path)
    assert session.input_shape == GRAPH.input_shape
    assert timer_of(session, np.random.default_rng(0), batch=2)(1) > 0
    with pytest.raises(LatencyError, match="opens no such file"):
        runtime_named("torch").opened(path)


def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no protobuf")
    with pytest.raises(FileError, match="cannot open") as refusal:
        runtime_named("onnxruntime").opened(path)
    assert "\n" not in str(refusal.value)
    with pytest.raises(FileError, match="No such file"):
        runtime_named("onnxruntime").opened(tmp_path / "none.onnx")


def test_a_model_for_one_image_takes_no_batch(tmp_path):
    path = tmp_path / "one.onnx"
    path.write_bytes(write(GRAPH, dynamic_batch=False).SerializeToString())
    session = runtime_named("onnxruntime").opened(path)
    with pytest.raises(LatencyError, match="batches of 1"):
        timer_of(session, np.random.default_rng(0), batch=2)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("cpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC\n\nmodel\t: 18\n", "AMD EPYC (family 25, model 17)"),
        ("CPU implementer\t: 0x41\nCPU part\t: 0xd0b\n", f"{platform.machine()} (implementer 0x41, part 0xd0b)"),
        ("", platform.machine()),
    ],
)
def test_processors_of_one_name_are_told_apart_by_their_numbers(monkeypatch, tmp_path, lines, told):
    (tmp_path / "cpuinfo").write_text(lines)
    monkeypatch.setattr("nas.runtimes.runtime.CPUINFO", tmp_path / "cpuinfo")
    processor.cache_clear()
    assert processor() == told
    processor.cache_clear()
