"""The ONNX twin of the op table: for each op kind, the operators that run it (`nas.layers` is the torch twin).

An entry gets (draft, op, inputs, the node's tensors, name of the first output). Ops that do nothing at inference are in
`NOTHING`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from nas.export.onnx import joins, norms, windows
from nas.export.onnx.draft import Draft, Value
from nas.graph import Op
from nas.graph.ops import (
    Activation,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    BatchNorm,
    ChannelShuffle,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GlobalResponseNorm,
    GroupNorm,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    Multiply,
    Parameter,
    RadixSoftmax,
    Scale,
    Split,
    StandardisedConv2d,
    StochasticDepth,
    UnitVariance,
    ZeroPad2d,
)

Emit: TypeAlias = Callable[[Draft, Any, list[Value], windows.Tensors, str], None]

NODES: dict[type[Op], Emit] = {
    Parameter: joins.parameter,
    Conv2d: windows.conv,
    StandardisedConv2d: windows.conv,
    Linear: joins.linear,
    BatchNorm: norms.batch_norm,
    LayerNorm: norms.layer_norm,
    GroupNorm: norms.group_norm,
    GlobalResponseNorm: norms.global_response_norm,
    LocalResponseNorm: norms.local_response_norm,
    Activation: joins.activation,
    MaxPool2d: windows.max_pool,
    AvgPool2d: windows.avg_pool,
    AdaptiveAvgPool2d: windows.adaptive_avg_pool,
    GlobalAvgPool: windows.global_avg_pool,
    ZeroPad2d: windows.zero_pad,
    Add: joins.add,
    Multiply: joins.multiply,
    Concat: joins.concat,
    Split: joins.split,
    ChannelShuffle: joins.channel_shuffle,
    Flatten: joins.flatten,
    RadixSoftmax: joins.radix_softmax,
    Scale: joins.factor,
    UnitVariance: joins.factor,
}

NOTHING: tuple[type[Op], ...] = (Dropout, StochasticDepth)
