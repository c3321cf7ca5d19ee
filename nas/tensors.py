"""The tensors of a network without torch: names and shapes as a state dict has them, values drawn or taken from a file.

Running counts (`num_batches_tracked`) are left out: inference does not read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nas.errors import FileError
from nas.graph import Graph, Op, Shape
from nas.graph.ops import (
    BatchNorm,
    Conv2d,
    GlobalResponseNorm,
    GroupNorm,
    LayerNorm,
    Linear,
    Parameter,
    StandardisedConv2d,
)

Array: TypeAlias = NDArray[np.float32]
Shapes: TypeAlias = dict[str, Shape]


def _conv(op: Conv2d) -> Shapes:
    bias = {"bias": (op.out_channels,)} if op.bias else {}
    return {"weight": (op.out_channels, op.in_channels // op.groups, *op.kernel), **bias}


def _standardised(op: StandardisedConv2d) -> Shapes:
    return {**_conv(op), **({"gain": (op.out_channels, 1, 1, 1)} if op.gain else {})}


def _linear(op: Linear) -> Shapes:
    return {
        "weight": (op.out_features, op.in_features),
        **({"bias": (op.out_features,)} if op.bias else {}),
    }


def _norm(op: Any) -> Shapes:
    return {"weight": (op.channels,), "bias": (op.channels,)}


def _batch_norm(op: BatchNorm) -> Shapes:
    return {**_norm(op), "running_mean": (op.channels,), "running_var": (op.channels,)}


# What each op keeps under its node's name; "" is the node's name itself.
SHAPES: dict[type[Op], Callable[[Any], Shapes]] = {
    Conv2d: _conv,
    StandardisedConv2d: _standardised,
    Linear: _linear,
    BatchNorm: _batch_norm,
    LayerNorm: _norm,
    GroupNorm: _norm,
    GlobalResponseNorm: _norm,
    Parameter: lambda op: {"": (1, *op.shape) if op.stored is None else op.stored},
}


def tensor_shapes(op: Op) -> Shapes:
    """The shapes of an op's tensors by the end of their names."""
    find = SHAPES.get(type(op))
    return find(op) if find else {}


def tensor_name(node: str, part: str) -> str:
    """The name of a node's tensor in a state dict."""
    return f"{node}.{part}" if part else node


def drawn(graph: Graph, rng: np.random.Generator) -> dict[str, Array]:
    """Random tensors for a graph by name, statistics too, of sizes that keep activations near 1 and off zero."""
    return {
        tensor_name(name, part): _draw(part, shape, rng)
        for name, node in graph.nodes.items()
        for part, shape in tensor_shapes(node.op).items()
    }


def _draw(part: str, shape: Shape, rng: np.random.Generator) -> Array:
    values = rng.standard_normal(shape, dtype=np.float32)
    if part == "weight" and len(shape) > 1:
        return np.asarray(values * np.float32(np.prod(shape[1:]) ** -0.5))  # variance 1 / fan-in
    if part in ("weight", "gain", "running_var"):
        return np.asarray(1 + np.tanh(values) / 2)  # a factor, or a variance, from 0.5 to 1.5
    return np.asarray(values / 10)


def fitted(graph: Graph, weights: Mapping[str, NDArray[Any]], where: str = "weights") -> dict[str, Array]:
    """The tensors of a graph out of a mapping, every name and shape checked; FileError for those of another network."""
    renamed = _renamed(graph, weights)
    found: dict[str, Array] = {}
    for name, node in graph.nodes.items():
        for part, shape in tensor_shapes(node.op).items():
            wanted = tensor_name(name, part)
            key = wanted if wanted in weights else renamed.get(wanted)
            if key is None:
                raise FileError(f"{where}: no tensor {wanted!r}; are they the weights of another network?")
            if weights[key].shape != shape:
                raise FileError(
                    f"{where}: {wanted!r} is {weights[key].shape}, this network has {shape}; "
                    "are they the weights of another network?"
                )
            found[wanted] = np.asarray(weights[key], dtype=np.float32)
    used = {*found, *renamed.values()}
    strangers = [key for key in weights if key not in used and not key.endswith("num_batches_tracked")]
    if strangers:
        raise FileError(
            f"{where}: {len(strangers)} tensors have no place in this network, the first {strangers[0]!r}; "
            "are they the weights of another network?"
        )
    return found


def _renamed(graph: Graph, weights: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """Tensors whose name a compiled module spells with more _ behind a part that Python or torch use otherwise."""
    named = {tensor_name(name, part) for name, node in graph.nodes.items() for part in tensor_shapes(node.op)}
    bare = {_bare(name): name for name in named if name not in weights}
    return {bare[_bare(key)]: key for key in weights if key not in named and _bare(key) in bare}


def _bare(name: str) -> str:
    return ".".join(part.rstrip("_") for part in name.split("."))
