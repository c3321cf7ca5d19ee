"""Normalisation as ONNX operators."""

from __future__ import annotations

import numpy as np

from nas.export.onnx.draft import Draft, Value
from nas.export.onnx.windows import Tensors
from nas.graph.ops import BatchNorm, GlobalResponseNorm, GroupNorm, LayerNorm, LocalResponseNorm

STATISTICS = ("weight", "bias", "running_mean", "running_var")
TO_LAST, TO_FIRST = [0, 2, 3, 1], [0, 3, 1, 2]  # where the channels of a map go


def batch_norm(draft: Draft, op: BatchNorm, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """Batch norm with its running statistics."""
    held = [draft.constant(tensors[part], f"{out}.{part}") for part in STATISTICS]
    draft.add("BatchNormalization", inputs[0].name, *held, out=out, epsilon=op.eps)


def layer_norm(draft: Draft, op: LayerNorm, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """Layer norm over the channels, which the operator wants last."""
    held = [draft.constant(tensors[part], f"{out}.{part}") for part in ("weight", "bias")]
    if len(inputs[0].shape) != 3:
        draft.add("LayerNormalization", inputs[0].name, *held, out=out, axis=-1, epsilon=op.eps)
        return
    last = draft.add("Transpose", inputs[0].name, perm=TO_LAST)
    normed = draft.add("LayerNormalization", last, *held, axis=-1, epsilon=op.eps)
    draft.add("Transpose", normed, out=out, perm=TO_FIRST)


def group_norm(draft: Draft, op: GroupNorm, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """Group norm: instance norm of the groups, then scale and shift of the channels."""
    groups = draft.reshape(inputs[0].name, op.groups, -1)
    plain = [draft.constant(np.full(op.groups, value, dtype=np.float32)) for value in (1, 0)]
    normed = draft.add("InstanceNormalization", groups, *plain, epsilon=op.eps)
    _affine(draft, draft.reshape(normed, *inputs[0].shape), tensors, out)


def global_response_norm(draft: Draft, op: GlobalResponseNorm, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """x + weight · x · n + bias, n being each channel's norm over the map in units of the mean norm."""
    norms = draft.add("ReduceL2", inputs[0].name, axes=[2, 3], keepdims=1)
    mean = draft.add("Add", draft.add("ReduceMean", norms, axes=[1], keepdims=1), draft.number(op.eps))
    gain = draft.add("Mul", draft.add("Div", norms, mean), _column(draft, tensors, "weight", out))
    scaled = draft.add("Mul", inputs[0].name, draft.add("Add", gain, draft.number(1)))
    draft.add("Add", scaled, _column(draft, tensors, "bias", out), out=out)


def local_response_norm(draft: Draft, op: LocalResponseNorm, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """x / (k + α · m)^β; runtimes have the operator for odd sizes, others are a mean over padded channels."""
    x, (channels, *area) = inputs[0].name, inputs[0].shape
    if op.size % 2:
        draft.add("LRN", x, out=out, alpha=op.alpha, beta=op.beta, bias=op.k, size=op.size)
        return
    squares = draft.reshape(draft.add("Mul", x, x), 1, channels, area[0] * area[1])
    before, behind = op.size // 2, (op.size - 1) // 2  # torch's window leans to the lower channels
    pads = draft.whole(0, 0, before, 0, 0, 0, behind, 0)
    padded = draft.add("Pad", squares, pads, draft.number(0))
    means = draft.add("AveragePool", padded, kernel_shape=[op.size, 1], strides=[1, 1])
    means = draft.reshape(means, channels, *area)
    base = draft.add("Add", draft.add("Mul", means, draft.number(op.alpha)), draft.number(op.k))
    draft.add("Div", x, draft.add("Pow", base, draft.number(op.beta)), out=out)


def _affine(draft: Draft, tensor: str, tensors: Tensors, out: str) -> None:
    scaled = draft.add("Mul", tensor, _column(draft, tensors, "weight", out))
    draft.add("Add", scaled, _column(draft, tensors, "bias", out), out=out)


def _column(draft: Draft, tensors: Tensors, part: str, out: str) -> str:
    """A number a channel, as it multiplies a map."""
    return draft.constant(tensors[part][:, None, None], f"{out}.{part}")
