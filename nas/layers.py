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
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    LayerNorm,
    Linear,
    MaxPool2d,
    Multiply,
    Parameter,
    Split,
    StochasticDepth,
)
from nas.graph.ops.join import broadcast


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, which depends on the image's size."""

    def forward(self, x: Tensor) -> Tensor:
        pads: list[int] = []
        for axis in (1, 0):  # pad counts from the last axis
            size, kernel, stride = x.shape[2 + axis], self.kernel_size[axis], self.stride[axis]
            span = (kernel - 1) * self.dilation[axis] + 1
            total = max(0, (-(-size // stride) - 1) * stride + span - size)
            pads += [total // 2, total - total // 2]
        if any(pads):  # else it would copy the map
            x = nn.functional.pad(x, pads)
        return nn.functional.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class DropPath(nn.Module):
    """Stochastic depth: training zeroes the branch of an image (or the batch) at `rate` and scales up the others."""

    def __init__(self, rate: float, mode: str) -> None:
        super().__init__()
        self.rate, self.mode = rate, mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = 1.0 - self.rate
        images = x.shape[0] if self.mode == "row" else 1
        noise = torch.empty([images] + [1] * (x.ndim - 1), dtype=x.dtype, device=x.device)
        return x * noise.bernoulli_(kept).div_(kept)

    def extra_repr(self) -> str:
        return f"rate={self.rate}, mode={self.mode}"


def conv2d(op: Conv2d, inplace: bool, shape: Shape) -> nn.Module:
    """A convolution; SAME padding that never depends on the size (stride 1) is plain padding."""
    settings: dict[str, Any] = {"dilation": op.dilation, "groups": op.groups, "bias": op.bias, "device": "meta"}
    if (padding := op.fixed_padding) is not None:
        return nn.Conv2d(op.in_channels, op.out_channels, op.kernel, op.stride, padding, **settings)
    return SameConv2d(op.in_channels, op.out_channels, op.kernel, op.stride, **settings)


class MapLinear(nn.Linear):
    """A linear layer over the channels of maps (images, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class MapLayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of maps (images, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def linear(op: Linear, inplace: bool, shape: Shape) -> nn.Module:
    """A linear layer over the channels of maps, or over the last axis."""
    return (MapLinear if len(shape) == 3 else nn.Linear)(op.in_features, op.out_features, op.bias, "meta")


def layer_norm(op: LayerNorm, inplace: bool, shape: Shape) -> nn.Module:
    """Layer norm over the channels of maps, or over the last axis."""
    return (MapLayerNorm if len(shape) == 3 else nn.LayerNorm)(op.channels, op.eps)


ACTIVATIONS: dict[str, Callable[..., nn.Module]] = {
    "gelu": lambda inplace: nn.GELU(),
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "silu": nn.SiLU,
    "sigmoid": lambda inplace: nn.Sigmoid(),
}


def batch_norm(op: BatchNorm, inplace: bool, shape: Shape) -> nn.Module:
    """Batch norm for maps, or for vectors."""
    return (nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d)(op.channels, op.eps, op.momentum)


# Ops that are modules, under the node's name: (op, runs in place, shape of input 0 for one image) -> module. Weights
# that are costly to initialise are made on the meta device; the compiler fills them once, by the family's rule.
MODULES: dict[type[Op], Callable[[Any, bool, Shape], nn.Module]] = {
    Conv2d: conv2d,
    Linear: linear,
    BatchNorm: batch_norm,
    LayerNorm: layer_norm,
    GroupNorm: lambda op, inplace, shape: nn.GroupNorm(op.groups, op.channels, op.eps),
    Activation: lambda op, inplace, shape: ACTIVATIONS[op.function](inplace=inplace),
    MaxPool2d: lambda op, inplace, shape: nn.MaxPool2d(op.kernel, op.stride, op.padding, ceil_mode=op.ceil_mode),
    AvgPool2d: lambda op, inplace, shape: nn.AvgPool2d(
        op.kernel, op.stride, op.padding, op.ceil_mode, op.count_include_pad
    ),
    AdaptiveAvgPool2d: lambda op, inplace, shape: nn.AdaptiveAvgPool2d(op.size),
    Dropout: lambda op, inplace, shape: nn.Dropout(op.rate),
    StochasticDepth: lambda op, inplace, shape: DropPath(op.rate, op.mode),
}


class Wire(NamedTuple):
    """A tensor of the generated forward, and its shape for one image. One that follows from parameters alone is not
    `batched`: its batch axis is 1."""

    node: fx.Node
    shape: Shape
    batched: bool

    def expanded(self, graph: fx.Graph, like: Wire) -> Wire:
        """The tensor repeated (without a copy) to the batch of `like`, where only that has one."""
        if self.batched or not like.batched:
            return self
        images = graph.call_method("size", (like.node, 0))
        return self._replace(
            node=graph.call_method("expand", (self.node, images, *[-1] * len(self.shape))), batched=True
        )


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


def _with_batch(inputs: list[Wire]) -> Wire:
    """The first of the inputs that has a batch axis, else the first."""
    return next((wire for wire in inputs if wire.batched), inputs[0])


# Ops without state, as expressions in the generated forward: (fx graph, op, inputs, runs in place) -> fx node.
EXPRESSIONS: dict[type[Op], Emit] = {
    Add: _add,
    Multiply: lambda graph, op, inputs, inplace: graph.call_method("mul", (inputs[0].node, inputs[1].node)),
    Concat: _concat,
    Split: lambda graph, op, inputs, inplace: graph.call_method("split", (inputs[0].node, list(op.sizes), op.axis + 1)),
    Flatten: lambda graph, op, inputs, inplace: graph.call_method("flatten", (inputs[0].node, op.axis + 1)),
    GlobalAvgPool: lambda graph, op, inputs, inplace: graph.call_method("mean", (inputs[0].node, (2, 3), op.keepdim)),
}

# Ops that are trainable tensors, under the node's name.
PARAMETERS: dict[type[Op], Callable[[Any], Tensor]] = {
    Parameter: lambda op: torch.full((1, *op.shape) if op.stored is None else op.stored, op.value),
}
