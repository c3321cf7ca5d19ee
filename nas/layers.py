"""The torch twin of the op table: for each op kind, the module or the expression that runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, fx, nn

from nas.graph import Op, Shape
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
from nas.graph.ops.join import broadcast
from nas.modules import (
    DropPath,
    MapResponseNorm,
    SameAvgPool2d,
    SameConv2d,
    SameMaxPool2d,
    StandardisedConv,
    ZeroPaddedMaxPool2d,
    bare,
)


def conv2d(op: Conv2d, inplace: bool, shape: Shape) -> nn.Module:
    """A convolution; SAME padding that never depends on the size (stride 1) is plain padding."""
    settings: dict[str, Any] = {"dilation": op.dilation, "groups": op.groups, "bias": op.bias}
    if (padding := op.fixed_padding) is not None:
        return bare(nn.Conv2d, op.in_channels, op.out_channels, op.kernel, op.stride, padding, **settings)
    return bare(SameConv2d, op.in_channels, op.out_channels, op.kernel, op.stride, **settings)


def standardised_conv2d(op: StandardisedConv2d, inplace: bool, shape: Shape) -> nn.Module:
    """A convolution with standardised filters."""
    return bare(
        StandardisedConv,
        op.in_channels,
        op.out_channels,
        op.kernel,
        op.stride,
        op.fixed_padding or 0,
        op.dilation,
        op.groups,
        op.bias,
        eps=op.eps,
        gain=op.gain,
        same=op.fixed_padding is None,
    )


def max_pool2d(op: MaxPool2d, inplace: bool, shape: Shape) -> nn.Module:
    """Max pooling, padded with nothing or with zeros."""
    if op.padding == "same":
        return SameMaxPool2d(op.kernel, op.stride, op.zeros)
    kind = ZeroPaddedMaxPool2d if op.zeros else nn.MaxPool2d
    return kind(op.kernel, op.stride, op.padding, ceil_mode=op.ceil_mode)


def avg_pool2d(op: AvgPool2d, inplace: bool, shape: Shape) -> nn.Module:
    """Average pooling."""
    if op.padding == "same":
        return SameAvgPool2d(op.kernel, op.stride)
    return nn.AvgPool2d(op.kernel, op.stride, op.padding, op.ceil_mode, op.count_include_pad)


ACTIVATIONS: dict[str, Callable[..., nn.Module]] = {
    "gelu": lambda inplace: nn.GELU(),
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "silu": nn.SiLU,
    "sigmoid": lambda inplace: nn.Sigmoid(),
    "tanh": lambda inplace: nn.Tanh(),
}


def batch_norm(op: BatchNorm, inplace: bool, shape: Shape) -> nn.Module:
    """Batch norm for maps, or for vectors."""
    return (nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d)(op.channels, op.eps, op.momentum)


# Ops that are modules, under the node's name: (op, runs in place, shape of input 0 for one image) -> module.
MODULES: dict[type[Op], Callable[[Any, bool, Shape], nn.Module]] = {
    Conv2d: conv2d,
    StandardisedConv2d: standardised_conv2d,
    Linear: lambda op, inplace, shape: bare(nn.Linear, op.in_features, op.out_features, op.bias),
    BatchNorm: batch_norm,
    LayerNorm: lambda op, inplace, shape: nn.LayerNorm(op.channels, op.eps),
    GroupNorm: lambda op, inplace, shape: nn.GroupNorm(op.groups, op.channels, op.eps),
    GlobalResponseNorm: lambda op, inplace, shape: MapResponseNorm(op.channels, op.eps),
    LocalResponseNorm: lambda op, inplace, shape: nn.LocalResponseNorm(op.size, op.alpha, op.beta, op.k),
    Activation: lambda op, inplace, shape: ACTIVATIONS[op.function](inplace=inplace),
    MaxPool2d: max_pool2d,
    AvgPool2d: avg_pool2d,
    ZeroPad2d: lambda op, inplace, shape: nn.ZeroPad2d(op.padding),
    AdaptiveAvgPool2d: lambda op, inplace, shape: nn.AdaptiveAvgPool2d(op.size),
    Dropout: lambda op, inplace, shape: nn.Dropout(op.rate),
    StochasticDepth: lambda op, inplace, shape: DropPath(op.rate, op.mode),
}


class Wire(NamedTuple):
    """A tensor of the generated forward, and its shape for one image. One that follows from parameters alone is not
    `batched`: its batch axis is 1. A map that is `channels_last` is laid out (images, H, W, C)."""

    node: fx.Node
    shape: Shape
    batched: bool
    channels_last: bool = False

    def expanded(self, graph: fx.Graph, like: Wire) -> Wire:
        """The tensor repeated (without a copy) to the batch of `like`, where only that has one."""
        if self.batched or not like.batched:
            return self
        images = graph.call_method("size", (like.node, 0))
        return self._replace(
            node=graph.call_method("expand", (self.node, images, *[-1] * len(self.shape))), batched=True
        )

    def laid_out(self, graph: fx.Graph, channels_last: bool) -> Wire:
        """The tensor (a view of it) in that layout."""
        if channels_last == self.channels_last:
            return self
        axes = (0, 2, 3, 1) if channels_last else (0, 3, 1, 2)
        return self._replace(node=graph.call_method("permute", (self.node, *axes)), channels_last=channels_last)


# Modules that work on the last axis, and those that work on every element alone: they take maps as they lie.
LAST_AXIS = (Linear, LayerNorm)
ANY_LAYOUT = (Activation, Dropout, StochasticDepth)


def takes_channels_last(op: Op, inputs: list[Wire]) -> bool:
    """Whether the op runs on a map whose channels are the last axis, and makes one."""
    if not inputs or len(inputs[0].shape) != 3:
        return False
    return isinstance(op, LAST_AXIS) or (isinstance(op, ANY_LAYOUT) and inputs[0].channels_last)


Emit: TypeAlias = Callable[[fx.Graph, Any, list[Wire], bool], fx.Node]


def _add(graph: fx.Graph, op: Add, inputs: list[Wire], inplace: bool) -> fx.Node:
    """The terms added in order; in place once the running total has the shape and the batch of the whole."""
    first, *terms = inputs
    if not terms[0].batched:
        first = first.expanded(graph, _with_batch(inputs))
    total, shape = first.node, first.shape
    for number, term in enumerate(terms):
        wider = broadcast(shape, term.shape)
        ours = inplace if number == 0 else wider == shape
        total, shape = graph.call_method("add_" if ours else "add", (total, term.node)), wider
    return total


def _concat(graph: fx.Graph, op: Concat, inputs: list[Wire], inplace: bool) -> fx.Node:
    """The inputs side by side, parameters repeated for each image."""
    batch = _with_batch(inputs)
    return graph.call_function(torch.cat, ([wire.expanded(graph, batch).node for wire in inputs], op.axis + 1))


def _radix_softmax(graph: fx.Graph, op: RadixSoftmax, inputs: list[Wire], inplace: bool) -> fx.Node:
    """(cardinality, radix, width) channels as (radix, cardinality, width), softmax over the first of them."""
    gates = graph.call_method("unflatten", (inputs[0].node, 1, (op.cardinality, op.radix, -1)))
    gates = graph.call_method("transpose", (gates, 1, 2))
    return graph.call_method("flatten", (graph.call_method("softmax", (gates, 1)), 1, 3))


def _with_batch(inputs: list[Wire]) -> Wire:
    """The first of the inputs that has a batch axis, else the first."""
    return next((wire for wire in inputs if wire.batched), inputs[0])


def _factor(graph: fx.Graph, op: Scale | UnitVariance, inputs: list[Wire], inplace: bool) -> fx.Node:
    return graph.call_method("mul_" if inplace else "mul", (inputs[0].node, op.factor))


# Ops without state, as expressions in the generated forward: (fx graph, op, inputs, runs in place) -> fx node.
EXPRESSIONS: dict[type[Op], Emit] = {
    Add: _add,
    Multiply: lambda graph, op, inputs, inplace: graph.call_method("mul", (inputs[0].node, inputs[1].node)),
    Concat: _concat,
    Split: lambda graph, op, inputs, inplace: graph.call_method("split", (inputs[0].node, list(op.sizes), op.axis + 1)),
    ChannelShuffle: lambda graph, op, inputs, inplace: graph.call_function(
        torch.channel_shuffle, (inputs[0].node, op.groups)
    ),
    RadixSoftmax: _radix_softmax,
    Scale: _factor,
    UnitVariance: _factor,
    Flatten: lambda graph, op, inputs, inplace: graph.call_method("flatten", (inputs[0].node, op.axis + 1)),
    GlobalAvgPool: lambda graph, op, inputs, inplace: graph.call_method("mean", (inputs[0].node, (2, 3), op.keepdim)),
}

# Ops that are trainable tensors, under the node's name.
PARAMETERS: dict[type[Op], Callable[[Any], Tensor]] = {
    Parameter: lambda op: torch.full((1, *op.shape) if op.stored is None else op.stored, op.value),
}
