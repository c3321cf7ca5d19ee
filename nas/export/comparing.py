"""How far an artefact's outputs are from the source module's, and weights under which a difference would show."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nas.compiler import module_paths
from nas.errors import ExportError
from nas.export.exporter import Run
from nas.graph import Graph
from nas.tensors import drawn, tensor_name, tensor_shapes

BATCHES = (1, 3)


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one batch of images: the largest difference of an output, and that in units of the largest output."""

    batch: int
    largest: float
    relative: float


def randomise(model: nn.Module, graph: Graph, seed: int) -> None:
    """Give every weight and every running statistic of `model` a random value; activations keep their size.

    Fresh norms have a scale of 1 and statistics at rest, behind which many mistakes do not show.
    """
    paths = module_paths(graph.nodes)
    values = drawn(graph, np.random.default_rng(seed))
    state = model.state_dict()
    for name, node in graph.nodes.items():
        for part in tensor_shapes(node.op):
            state[tensor_name(paths[name], part)].copy_(torch.from_numpy(values[tensor_name(name, part)]))


def images(graph: Graph, batch: int, seed: int) -> Tensor:
    """Normal noise as that many images of the network's own size."""
    generator = torch.Generator().manual_seed(seed + batch)
    return torch.randn((batch, *graph.input_shape), generator=generator)


@torch.no_grad()
def compare(model: nn.Module, run: Run, graph: Graph, seed: int) -> list[Difference]:
    """The differences at each of BATCHES; ExportError for outputs of other shapes, and for some that are not finite."""
    found = []
    for batch in BATCHES:
        x = images(graph, batch, seed)
        ours, theirs = outputs(model(x.clone())), [tensor.detach() for tensor in run(x)]
        shapes = [[tuple(tensor.shape) for tensor in tensors] for tensors in (ours, theirs)]
        if shapes[0] != shapes[1]:
            raise ExportError(f"outputs of {batch} images have shapes {shapes[1]}, the source module's {shapes[0]}")
        if not all(torch.isfinite(tensor).all() for tensor in (*ours, *theirs)):
            raise ExportError(f"outputs of {batch} images are not finite; nothing can be compared")
        largest = max(float((a - b).abs().max()) for a, b in zip(ours, theirs, strict=True))
        size = max(float(tensor.abs().max()) for tensor in ours)
        found.append(Difference(batch, largest, largest / size if size else largest))
    return found


def outputs(found: Tensor | Sequence[Tensor]) -> list[Tensor]:
    """What a module returns, as a list."""
    return [found] if isinstance(found, Tensor) else list(found)


@contextmanager
def executed(path: Path) -> Iterator[ModuleType]:
    """The module of a Python file that was just written; `sys.modules` knows it while the block runs."""
    spec = spec_from_file_location(f"nascli_exported_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[module.__name__] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        del sys.modules[module.__name__]


def module_run(model: Any) -> Run:
    """A module as what an exporter's `reopen` returns."""

    def run(x: Tensor) -> list[Tensor]:
        with torch.no_grad():
            return outputs(model(x))

    return run
