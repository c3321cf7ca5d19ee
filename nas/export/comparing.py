"""How far an artefact's outputs are from the source module's, and weights under which a difference would show."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from nas.compiler import module_paths
from nas.errors import ExportError
from nas.export.exporter import Run
from nas.graph import Graph
from nas.tensors import drawn, tensor_name, tensor_shapes

BATCHES = (1, 3)
SETTLING = 3  # images that statistics are taken of
# The share of its mean that a batch norm takes off. All of it makes layers of random weights chaotic (an image moved by
# 0.1 % moves the outputs of ResNet-152 by 17 %, float32 is good to 2e-4 there); a quarter keeps float32 good to 2e-5 in
# every network of the zoo of up to 25G macs, and outputs follow the image.
CENTRED = 0.25


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one batch, the output that differs most: by how much, and by how much of its largest value."""

    batch: int
    largest: float
    relative: float


@torch.no_grad()
def randomise(model: nn.Module, graph: Graph, seed: int) -> None:
    """Give every weight and running statistic of `model` (in eval mode) a random value under which a mistake shows.

    Fresh norms have a scale of 1 and statistics at rest, which hide mistakes; statistics of any size make a deep
    network ignore its image, or drown float32 in its own rounding. So they are those of noise, times factors near 1.
    """
    paths = module_paths(graph.nodes)
    values = drawn(graph, np.random.default_rng(seed))
    state = model.state_dict()
    for name, node in graph.nodes.items():
        for part in tensor_shapes(node.op):
            state[tensor_name(paths[name], part)].copy_(torch.from_numpy(values[tensor_name(name, part)]))
    _settle(model, images(graph, SETTLING, seed))


def _settle(model: nn.Module, x: Tensor) -> None:
    """Turn each batch norm's statistics from factors into those of its input, under one variance a layer."""

    def hook(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        held, found = cast("nn.BatchNorm2d", norm), inputs[0].transpose(0, 1).flatten(1)
        mean = CENTRED * found.mean(1)
        variance = (found - mean[:, None]).square().mean()
        assert held.running_mean is not None
        assert held.running_var is not None
        held.running_mean.mul_(variance.sqrt()).add_(mean)
        held.running_var.mul_(variance)

    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    hooks = [module.register_forward_pre_hook(hook) for module in model.modules() if isinstance(module, norms)]
    try:
        model(x)
    finally:
        for one in hooks:
            one.remove()


def images(graph: Graph, batch: int, seed: int) -> Tensor:
    """Normal noise as that many images of the network's own size."""
    generator = torch.Generator().manual_seed(seed + batch)
    return torch.randn((batch, *graph.input_shape), generator=generator)


@torch.no_grad()
def compare(
    model: nn.Module, run: Run, graph: Graph, seed: int, batches: Sequence[int] | None = None
) -> list[Difference]:
    """The differences at each of `batches` (images; BATCHES where there are none told).

    ExportError for outputs of other shapes, and for some that are not finite.
    """
    found = []
    for batch in batches or BATCHES:
        x = images(graph, batch, seed)
        ours, theirs = outputs(model(x.clone())), [tensor.detach() for tensor in run(x)]
        shapes = [[tuple(tensor.shape) for tensor in tensors] for tensors in (ours, theirs)]
        if shapes[0] != shapes[1]:
            raise ExportError(f"outputs of {batch} images have shapes {shapes[1]}, the source module's {shapes[0]}")
        if not all(torch.isfinite(tensor).all() for tensor in (*ours, *theirs)):
            raise ExportError(f"outputs of {batch} images are not finite; nothing can be compared")
        found.append(
            max((_difference(batch, *pair) for pair in zip(ours, theirs, strict=True)), key=lambda one: one.relative)
        )
    return found


def _difference(batch: int, ours: Tensor, theirs: Tensor) -> Difference:
    largest, size = float((ours - theirs).abs().max()), float(ours.abs().max())
    return Difference(batch, largest, largest / size if size else largest)


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
