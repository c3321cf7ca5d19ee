"""The op vocabulary: one class an op, one line here."""

from __future__ import annotations

from nas.graph.op import Op
from nas.graph.ops.conv import Conv2d, Linear
from nas.graph.ops.join import Add, ChannelShuffle, Concat, Flatten, Multiply, Split
from nas.graph.ops.norm import BatchNorm, GlobalResponseNorm, GroupNorm, LayerNorm, LocalResponseNorm
from nas.graph.ops.pad import ZeroPad2d
from nas.graph.ops.pointwise import Activation, Dropout, RadixSoftmax, Scale, StochasticDepth, UnitVariance
from nas.graph.ops.pool import AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool, MaxPool2d
from nas.graph.ops.source import Input, Parameter
from nas.graph.ops.standardised import StandardisedConv2d

OPS: dict[str, type[Op]] = {
    op.kind: op
    for op in (
        Input,
        Parameter,
        Conv2d,
        StandardisedConv2d,
        Linear,
        BatchNorm,
        LayerNorm,
        GroupNorm,
        GlobalResponseNorm,
        LocalResponseNorm,
        Activation,
        MaxPool2d,
        AvgPool2d,
        AdaptiveAvgPool2d,
        GlobalAvgPool,
        ZeroPad2d,
        Add,
        Multiply,
        Concat,
        Split,
        ChannelShuffle,
        Flatten,
        RadixSoftmax,
        Scale,
        UnitVariance,
        StochasticDepth,
        Dropout,
    )
}

__all__ = [
    "OPS",
    "Activation",
    "AdaptiveAvgPool2d",
    "Add",
    "AvgPool2d",
    "BatchNorm",
    "ChannelShuffle",
    "Concat",
    "Conv2d",
    "Dropout",
    "Flatten",
    "GlobalAvgPool",
    "GlobalResponseNorm",
    "GroupNorm",
    "Input",
    "LayerNorm",
    "Linear",
    "LocalResponseNorm",
    "MaxPool2d",
    "Multiply",
    "Parameter",
    "RadixSoftmax",
    "Scale",
    "Split",
    "StandardisedConv2d",
    "StochasticDepth",
    "UnitVariance",
    "ZeroPad2d",
]
