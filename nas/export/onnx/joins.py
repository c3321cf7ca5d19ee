"""Ops that work on single elements, join, part or reshape, as ONNX operators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nas.export.onnx.draft import Draft, Value
from nas.export.onnx.windows import Tensors
from nas.graph.ops import (
    Activation,
    Add,
    ChannelShuffle,
    Concat,
    Flatten,
    Linear,
    Multiply,
    Parameter,
    RadixSoftmax,
    Split,
)
from nas.graph.ops.pointwise import Factor


def _gelu(draft: Draft, x: str, out: str) -> None:
    error = draft.add("Erf", draft.add("Div", x, draft.number(2**0.5)))  # x · Φ(x), as runtimes know to fuse it
    product = draft.add("Mul", x, draft.add("Add", error, draft.number(1)))
    draft.add("Mul", product, draft.number(0.5), out=out)


def _silu(draft: Draft, x: str, out: str) -> None:
    draft.add("Mul", x, draft.add("Sigmoid", x), out=out)


def _relu6(draft: Draft, x: str, out: str) -> None:
    draft.add("Clip", x, draft.number(0), draft.number(6), out=out)


def _hardsigmoid(draft: Draft, x: str, out: str) -> None:
    draft.add("HardSigmoid", x, out=out, alpha=1 / 6, beta=0.5)


def _named(kind: str) -> Callable[[Draft, str, str], None]:
    def add(draft: Draft, x: str, out: str) -> None:
        draft.add(kind, x, out=out)

    return add


ACTIVATIONS: dict[str, Callable[[Draft, str, str], None]] = {
    "gelu": _gelu,
    "hardsigmoid": _hardsigmoid,
    "hardswish": _named("HardSwish"),
    "relu": _named("Relu"),
    "relu6": _relu6,
    "sigmoid": _named("Sigmoid"),
    "silu": _silu,
    "tanh": _named("Tanh"),
}


def activation(draft: Draft, op: Activation, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """A nonlinearity."""
    ACTIVATIONS[op.function](draft, inputs[0].name, out)


def linear(draft: Draft, op: Linear, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """A matrix product over the channels; of a map it is a 1×1 convolution."""
    weight, axes = tensors["weight"], len(inputs[0].shape)
    bias = [draft.constant(tensors["bias"], f"{out}.bias")] if "bias" in tensors else []
    if axes == 1:
        draft.add("Gemm", inputs[0].name, draft.constant(weight, f"{out}.weight"), *bias, out=out, transB=1)
    elif axes == 3:
        held = draft.constant(weight[:, :, None, None], f"{out}.weight")
        draft.add("Conv", inputs[0].name, held, *bias, out=out, kernel_shape=[1, 1])
    else:
        product = draft.add(
            "MatMul", inputs[0].name, draft.constant(weight.T, f"{out}.weight"), out="" if bias else out
        )
        if bias:
            draft.add("Add", product, *bias, out=out)


def add(draft: Draft, op: Add, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """The terms added in order."""
    total = inputs[0].name
    for term in inputs[1:-1]:
        total = draft.add("Add", total, term.name)
    draft.add("Add", total, inputs[-1].name, out=out)


def multiply(draft: Draft, op: Multiply, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """An element-wise product."""
    draft.add("Mul", inputs[0].name, inputs[1].name, out=out)


def factor(draft: Draft, op: Factor, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """Every element times one number."""
    draft.add("Mul", inputs[0].name, draft.number(op.factor), out=out)


def concat(draft: Draft, op: Concat, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """The inputs side by side, parameters repeated for each image."""
    batch = next((value for value in inputs if value.batched), inputs[0])
    draft.add("Concat", *(draft.expanded(value, batch).name for value in inputs), out=out, axis=op.axis + 1)


def split(draft: Draft, op: Split, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """The input in parts, one output a part."""
    outs = [out, *(part_name(out, index) for index in range(1, len(op.sizes)))]
    draft.add("Split", inputs[0].name, draft.whole(*op.sizes), out=outs, axis=op.axis + 1)


def part_name(node: str, index: int) -> str:
    """The name of an output of a node: the first is the node's."""
    return node if index == 0 else f"{node}:{index}"


def flatten(draft: Draft, op: Flatten, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """All axes from one on as one."""
    if op.axis == 0:
        draft.add("Flatten", inputs[0].name, out=out, axis=1)
    else:
        draft.reshape(inputs[0].name, *op.shapes(inputs[0].shape)[0], out=out)


def channel_shuffle(draft: Draft, op: ChannelShuffle, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """The channels dealt out one of each group in turn."""
    channels, *area = inputs[0].shape
    groups = draft.reshape(inputs[0].name, op.groups, channels // op.groups, *area)
    draft.reshape(draft.add("Transpose", groups, perm=[0, 2, 1, 3, 4]), channels, *area, out=out)


def radix_softmax(draft: Draft, op: RadixSoftmax, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """(cardinality, radix, width) channels as (radix, cardinality, width), softmax over the first of them."""
    channels, *area = inputs[0].shape
    width = channels // (op.cardinality * op.radix)
    gates = draft.reshape(inputs[0].name, op.cardinality, op.radix, width, *area)
    turned = draft.add("Transpose", gates, perm=[0, 2, 1, 3, *range(4, 4 + len(area))])
    draft.reshape(draft.add("Softmax", turned, axis=1), channels, *area, out=out)


def parameter(draft: Draft, op: Parameter, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """A trainable tensor."""
    draft.constant(np.reshape(tensors[""], (1, *op.shape)), out)
