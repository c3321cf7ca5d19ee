"""Weights as inference uses them: filters standardised, and on request batch norms folded into what stands before them.

Folding: a convolution w ∗ x + b behind which y = γ · (· − μ) / √(σ² + ε) + β is the convolution of weights
w · γ / √(σ² + ε) and bias (b − μ) · γ / √(σ² + ε) + β (Jacob et al. 2018, arXiv:1712.05877, §3.2).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nas.graph import Graph
from nas.graph.ops import BatchNorm, Conv2d, Linear, StandardisedConv2d
from nas.tensors import Array, tensor_name, tensor_shapes


def prepared(
    graph: Graph, weights: Mapping[str, Array], *, fold: bool
) -> tuple[dict[str, dict[str, Array]], frozenset[str]]:
    """Each node's tensors by the end of their names, and the batch norms that nothing is left of."""
    tensors = {
        name: {part: weights[tensor_name(name, part)] for part in tensor_shapes(node.op)}
        for name, node in graph.nodes.items()
    }
    for name, node in graph.nodes.items():
        if isinstance(node.op, StandardisedConv2d):
            tensors[name]["weight"] = standardised(node.op, tensors[name])
    if not fold:
        return tensors, frozenset()
    found = foldable(graph)
    for norm, before in found.items():
        op = graph.nodes[norm].op
        assert isinstance(op, BatchNorm)
        tensors[before] |= folded(op, tensors[norm], tensors[before])
    return tensors, frozenset(found)


def standardised(op: StandardisedConv2d, tensors: Mapping[str, Array]) -> Array:
    """The filters with mean 0 and variance 1, or with `gain` of variance 1 / fan-in times a factor each."""
    flat = tensors["weight"].astype(np.float64).reshape(op.out_channels, -1)
    flat = (flat - flat.mean(1, keepdims=True)) / np.sqrt(flat.var(1, keepdims=True) + op.eps)
    if op.gain:
        flat *= tensors["gain"].reshape(-1, 1).astype(np.float64) * op.fan_in**-0.5
    return np.asarray(flat.reshape(tensors["weight"].shape), dtype=np.float32)


def foldable(graph: Graph) -> dict[str, str]:
    """Batch norms, each with the convolution or linear layer before it that nothing else reads."""
    readers, found = graph.consumers(), {}
    for name, _ in graph.outputs:
        readers[name].append("")
    for name, node in graph.nodes.items():
        if isinstance(node.op, BatchNorm):
            before = node.inputs[0][0]
            if isinstance(graph.nodes[before].op, (Conv2d, Linear)) and readers[before] == [name]:
                found[name] = before
    return found


def folded(op: BatchNorm, norm: Mapping[str, Array], before: Mapping[str, Array]) -> dict[str, Array]:
    """The weights and the bias of a layer that also does what the batch norm behind it did."""
    gain = norm["weight"].astype(np.float64) / np.sqrt(norm["running_var"].astype(np.float64) + op.eps)
    weight = before["weight"] * gain.reshape(-1, *[1] * (before["weight"].ndim - 1))
    bias = (before.get("bias", np.float32(0)) - norm["running_mean"].astype(np.float64)) * gain + norm["bias"]
    return {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}
