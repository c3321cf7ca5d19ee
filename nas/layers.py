"""The torch twin of the op table: for each op kind, the module or the expression that runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from torch import Tensor, fx, nn

from nas.graph import Op
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
    Linear,
    MaxPool2d,
    Multiply,
    Parameter,
    Split,
    StochasticDepth,
)


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, which depends on the image's size."""

    def forward(self, x: Tensor) -> Tensor:
        pads: list[int] = []
        for axis in (1, 0):  # pad counts from the last axis
            size, kernel, stride = x.shape[2 + axis], self.kernel_size[axis], self.stride[axis]
            span = (kernel - 1) * self.dilation[axis] + 1
            total = max(0, (-(-size // stride) - 1) * stride + span - size)
            pads += [total // 2, total - total // 2]
        return nn.functional.conv2d(
            nn.functional.pad(x, pads), self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


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


def conv2d(op: Conv2d, inplace: bool) -> nn.Module:
    """A convolution; SAME padding that never depends on the size (stride 1) is plain padding."""
    settings: dict[str, Any] = {"dilation": op.dilation, "groups": op.groups, "bias": op.bias, "device": "meta"}
    if op.padding != "same":
        return nn.Conv2d(op.in_channels, op.out_channels, op.kernel, op.stride, op.padding, **settings)
    spans = [(kernel - 1) * dilation for kernel, dilation in zip(op.kernel, op.dilation, strict=True)]
    if op.stride == (1, 1) and not any(span % 2 for span in spans):
        padding = (spans[0] // 2, spans[1] // 2)
        return nn.Conv2d(op.in_channels, op.out_channels, op.kernel, op.stride, padding, **settings)
    return SameConv2d(op.in_channels, op.out_channels, op.kernel, op.stride, **settings)


ACTIVATIONS: dict[str, Callable[..., nn.Module]] = {
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "silu": nn.SiLU,
    "sigmoid": lambda inplace: nn.Sigmoid(),
}


def batch_norm(op: BatchNorm, inplace: bool) -> nn.Module:
    """Batch norm for maps; its forward reads only the channel axis, vectors pass too."""
    return nn.BatchNorm2d(op.channels, op.eps, op.momentum)


# Ops that are modules, under the node's name: (op, runs in place) -> module. Weights that are costly to
# initialise are made on the meta device; the compiler fills them once, by the family's rule.
MODULES: dict[type[Op], Callable[[Any, bool], nn.Module]] = {
    Conv2d: conv2d,
    Linear: lambda op, inplace: nn.Linear(op.in_features, op.out_features, op.bias, "meta"),
    BatchNorm: batch_norm,
    Activation: lambda op, inplace: ACTIVATIONS[op.function](inplace=inplace),
    MaxPool2d: lambda op, inplace: nn.MaxPool2d(op.kernel, op.stride, op.padding, ceil_mode=op.ceil_mode),
    AvgPool2d: lambda op, inplace: nn.AvgPool2d(op.kernel, op.stride, op.padding, op.ceil_mode, op.count_include_pad),
    AdaptiveAvgPool2d: lambda op, inplace: nn.AdaptiveAvgPool2d(op.size),
    Dropout: lambda op, inplace: nn.Dropout(op.rate),
    StochasticDepth: lambda op, inplace: DropPath(op.rate, op.mode),
}

Emit: TypeAlias = Callable[[fx.Graph, Any, list[fx.Node], bool], fx.Node]


def _add(graph: fx.Graph, op: Add, inputs: list[fx.Node], inplace: bool) -> fx.Node:
    total = graph.call_method("add_" if inplace else "add", (inputs[0], inputs[1]))
    for term in inputs[2:]:
        total = graph.call_method("add_", (total, term))
    return total


# Ops without state, as expressions in the generated forward: (fx graph, op, inputs, runs in place) -> fx node.
EXPRESSIONS: dict[type[Op], Emit] = {
    Add: _add,
    Multiply: lambda graph, op, inputs, inplace: graph.call_method("mul", (inputs[0], inputs[1])),
    Concat: lambda graph, op, inputs, inplace: graph.call_function(torch.cat, (inputs, op.axis + 1)),
    Split: lambda graph, op, inputs, inplace: graph.call_method("split", (inputs[0], list(op.sizes), op.axis + 1)),
    Flatten: lambda graph, op, inputs, inplace: graph.call_method("flatten", (inputs[0], op.axis + 1)),
    GlobalAvgPool: lambda graph, op, inputs, inplace: graph.call_method("mean", (inputs[0], (2, 3), op.keepdim)),
}

# Ops that are trainable tensors, under the node's name.
PARAMETERS: dict[type[Op], Callable[[Any], Tensor]] = {
    Parameter: lambda op: torch.full((1, *op.shape), op.value),
}
