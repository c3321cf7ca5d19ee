"""What of a graph takes time, counted: the terms of the analytic latency, for blocks that nobody measured.

A roofline has two terms, arithmetic and memory traffic (Williams et al. 2009, doi:10.1145/1498765.1498785); they are
split by what reaches different shares of the peak.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from nas.graph import Graph, Op, Shape
from nas.graph.ops import (
    Activation,
    BatchNorm,
    Conv2d,
    Dropout,
    GlobalAvgPool,
    Input,
    Linear,
    Parameter,
    Split,
    StochasticDepth,
)

# Macs by the shape of the filter, elements by how they are read and written, weights, and a call an op.
FEATURES = ("pointwise", "dense", "depthwise", "grouped", "linear", "edges", "elementwise", "pooled", "weights", "ops")
FREE = (Input, Parameter, Dropout, StochasticDepth, BatchNorm, Split)
# Nothing at inference, or folded into a convolution; the eager torch runtime does not fold, and there the constant of
# an op and of its edges take up what batch norms cost.


def features(graph: Graph, shape: Shape) -> NDArray[np.float64]:
    """The terms of one image of `shape` through `graph`: (features,)."""
    shapes = graph.shapes(shape)
    found = dict.fromkeys(FEATURES, 0.0)
    for name, node in graph.nodes.items():
        if isinstance(node.op, FREE):
            continue
        inputs = tuple(shapes[source][index] for source, index in node.inputs)
        read, written = sum(map(prod, inputs)), sum(map(prod, shapes[name]))
        macs = node.op.macs(inputs, shapes[name]) or 0
        found["ops"] += 1
        found["weights"] += node.op.params
        if macs:
            found[_kind(node.op)] += macs
            found["edges"] += read + written
        elif isinstance(node.op, Activation):
            found["elementwise"] += written
        elif isinstance(node.op, GlobalAvgPool) or written < read / 2:
            found["pooled"] += read
        else:
            found["elementwise"] += read + written
    return np.array([found[name] for name in FEATURES])


def _kind(op: Op) -> str:
    """Which term an op's macs belong to."""
    if isinstance(op, Linear) or not isinstance(op, Conv2d):
        return "linear"
    if op.depthwise and op.groups > 1:
        return "depthwise"
    if op.groups > 1:
        return "grouped"
    return "pointwise" if op.kernel == (1, 1) else "dense"
