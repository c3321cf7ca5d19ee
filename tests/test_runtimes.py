"""Every runtime runs the same network, times it, and says on what; what cannot be had is told in one line."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nas import zoo
from nas.errors import FileError, LatencyError
from nas.export.onnx import write
from nas.latency.measuring import timer_of
from nas.runtimes import RUNTIMES, Member, runtime_named
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
    assert found.differences(found) == []
    assert "threads 2 (here 1)" in found.differences(runtime.fingerprint(1, "cpu"))


@pytest.mark.parametrize("device", ["cuda", "abacus"])
def test_a_device_that_is_not_here_is_told_in_one_line(runtime, device):
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("there is one here")
    with pytest.raises(LatencyError, match=device) as refusal:
        runtime.fingerprint(1, device)
    assert "\n" not in str(refusal.value)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_cuda_is_timed_by_events():
    timer = timer_of(runtime_named("torch").session(GRAPH, device="cuda"), np.random.default_rng(0))
    timer(10)
    assert 0 < timer(100) < 1


def test_an_unknown_runtime_names_the_known():
    with pytest.raises(LatencyError, match="did you mean 'onnxruntime'"):
        runtime_named("onnxruntim")


def test_a_runtime_that_is_not_installed_says_what_to_install(monkeypatch):
    def load():
        raise ModuleNotFoundError("No module named 'openvino'", name="openvino")

    monkeypatch.setitem(RUNTIMES, "openvino", Member("openvino", load))
    with pytest.raises(LatencyError, match=r"needs the package openvino.*pip install 'openvino'"):
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
