"""torch, eager: the compiled module as it is. On CUDA the time is taken by events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nas.compiler import compile_graph, module_paths
from nas.errors import LatencyError, unknown
from nas.graph import Graph, Shape
from nas.runtimes.runtime import DEVICES, Fingerprint, Timer, processor
from nas.tensors import Array, drawn, fitted, tensor_name, tensor_shapes


class TorchSession:
    """A module of one input in eager mode."""

    def __init__(self, model: nn.Module, shape: Shape, threads: int, device: str) -> None:
        self._model, self.input_shape, self._threads, self._device = model.eval().to(device), shape, threads, device

    def run(self, images: Array) -> tuple[Array, ...]:
        torch.set_num_threads(self._threads)
        with torch.inference_mode():
            made = self._model(torch.from_numpy(images).to(self._device))
        tensors = [made] if isinstance(made, Tensor) else list(made)
        return tuple(np.asarray(tensor.cpu().numpy()) for tensor in tensors)

    def timer(self, images: Array) -> Timer:
        model, batch = self._model, torch.from_numpy(images).to(self._device)

        @torch.inference_mode()
        def seconds(runs: int) -> float:
            if torch.get_num_threads() != self._threads:
                torch.set_num_threads(self._threads)
            begun = time.perf_counter()
            for _ in range(runs):
                model(batch)
            return time.perf_counter() - begun

        @torch.inference_mode()
        def event_seconds(runs: int) -> float:
            event: Any = torch.cuda.Event  # torch does not type it
            begin, end = event(enable_timing=True), event(enable_timing=True)
            begin.record()
            for _ in range(runs):
                model(batch)
            end.record()
            end.synchronize()
            return float(begin.elapsed_time(end)) / 1e3

        return event_seconds if self._device == "cuda" else seconds


class TorchRuntime:
    """The runtime "torch"."""

    name = "torch"

    def fingerprint(self, threads: int, device: str) -> Fingerprint:
        _check(device)
        model = torch.cuda.get_device_name() if device == "cuda" else processor()
        return Fingerprint(self.name, torch.__version__, device, model, threads)

    def session(
        self,
        graph: Graph,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        threads: int = 1,
        device: str = "cpu",
        seed: int = 0,
    ) -> TorchSession:
        _check(device)
        held = drawn(graph, np.random.default_rng(seed)) if weights is None else fitted(graph, weights)
        model, paths = compile_graph(graph, init="none"), module_paths(graph.nodes)
        state = {
            tensor_name(paths[name], part): torch.from_numpy(held[tensor_name(name, part)])
            for name, node in graph.nodes.items()
            for part in tensor_shapes(node.op)
        }
        model.load_state_dict(state, strict=False)
        return TorchSession(model, graph.input_shape, threads, device)

    def opened(self, path: Path, *, threads: int = 1, device: str = "cpu") -> TorchSession:
        raise LatencyError(f"{path}: torch opens no such file; give a network's name, or --runtime onnxruntime")


def _check(device: str) -> None:
    if device not in DEVICES:
        raise LatencyError(unknown("device", device, DEVICES))
    if device == "cuda" and not torch.cuda.is_available():
        raise LatencyError("torch sees no cuda device here; give --device cpu")
