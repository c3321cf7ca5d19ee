"""onnxruntime: networks written straight from the graph as ONNX, batch norms folded; no torch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from nas.errors import FileError, LatencyError, unknown
from nas.export.onnx import write
from nas.export.onnx.saving import save, too_large
from nas.graph import Graph, Shape
from nas.runtimes.runtime import DEVICES, Fingerprint, Timer, card, processor
from nas.tensors import Array

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
ERRORS_ONLY = 3  # of onnxruntime's log levels
NO_CUDA = "onnxruntime sees no cuda device here; give --device cpu, or pip install onnxruntime-gpu where there is one"


class OnnxSession:
    """A model in onnxruntime."""

    def __init__(self, model: bytes | str, threads: int, device: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = ERRORS_ONLY
        # Many sessions are timed in turns: the threads of one must not spin while the next one runs.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self._session = onnxruntime.InferenceSession(model, options, providers=[PROVIDERS[device]])
        if PROVIDERS[device] not in self._session.get_providers():  # it falls back to the processor in silence
            raise LatencyError(NO_CUDA)
        self._device = device
        self._input = self._session.get_inputs()[0]

    @property
    def input_shape(self) -> Shape:
        return tuple(self._input.shape[1:])

    def check(self, where: str) -> None:
        """FileError unless the model takes one batch of images of a fixed size."""
        sizes, inputs = self._input.shape, self._session.get_inputs()
        if len(inputs) != 1 or self._input.type != "tensor(float)" or len(sizes) != 4:
            raise FileError(f"{where}: it must take one float32 batch of images (batch × channels × height × width)")
        if not all(isinstance(size, int) for size in sizes[1:]):
            raise FileError(f"{where}: the size of its images is open ({sizes}); export it for one size")

    def run(self, images: Array) -> tuple[Array, ...]:
        return tuple(self._session.run(None, {self._input.name: images}))

    def timer(self, images: Array) -> Timer:
        if isinstance(self._input.shape[0], int) and self._input.shape[0] != len(images):
            raise LatencyError(f"the model is for batches of {self._input.shape[0]}; asked for {len(images)} images")
        binding = self._session.io_binding()  # no copies of images and outputs are timed
        binding.bind_ortvalue_input(self._input.name, onnxruntime.OrtValue.ortvalue_from_numpy(images, self._device, 0))
        for output in self._session.get_outputs():
            binding.bind_output(output.name, self._device)
        run = self._session.run_with_iobinding

        def seconds(runs: int) -> float:
            begun = time.perf_counter()
            for _ in range(runs):
                run(binding)
            binding.synchronize_outputs()
            return time.perf_counter() - begun

        return seconds


class OnnxRuntime:
    """The runtime "onnxruntime"."""

    name = "onnxruntime"

    def fingerprint(self, threads: int, device: str) -> Fingerprint:
        _check(device)
        model = card() if device == "cuda" else processor()
        return Fingerprint(self.name, onnxruntime.__version__, device, model, threads)

    def session(
        self,
        graph: Graph,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        threads: int = 1,
        device: str = "cpu",
        seed: int = 0,
    ) -> OnnxSession:
        _check(device)
        model = write(graph, weights, rng=np.random.default_rng(seed))
        if not too_large(model):
            return OnnxSession(model.SerializeToString(), threads, device)
        with TemporaryDirectory(prefix="nascli-onnx-") as folder:
            path, *_ = save(model, Path(folder) / "model.onnx")
            del model
            return OnnxSession(str(path), threads, device)

    def opened(self, path: Path, *, threads: int = 1, device: str = "cpu") -> OnnxSession:
        _check(device)
        if not path.is_file():
            raise FileError(f"{path}: {'not a file' if path.exists() else 'No such file'}")
        try:
            session = OnnxSession(str(path), threads, device)
        except LatencyError:
            raise
        except Exception as error:  # onnxruntime's own kinds, one for each way in which a file is none
            raise FileError(f"{path}: onnxruntime cannot open it ({str(error).splitlines()[0][:200]})") from None
        session.check(str(path))
        return session


def _check(device: str) -> None:
    if device not in DEVICES:
        raise LatencyError(unknown("device", device, DEVICES))
    if PROVIDERS[device] not in onnxruntime.get_available_providers():
        raise LatencyError(NO_CUDA)
