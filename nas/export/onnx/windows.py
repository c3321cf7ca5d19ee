"""Sliding windows as ONNX operators: convolutions, pools, zeros around a map. Paddings are explicit numbers.

What depends on the size of a map (SAME, windows that hang over the edge) is written for the graph's canonical size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nas.export.onnx.draft import Draft, Value
from nas.graph import Shape
from nas.graph.op import Pair, same
from nas.graph.ops import AdaptiveAvgPool2d, AvgPool2d, Conv2d, GlobalAvgPool, MaxPool2d, ZeroPad2d
from nas.graph.ops.pool import WindowPool
from nas.tensors import Array

Tensors: TypeAlias = Mapping[str, Array]
Pads: TypeAlias = list[int]  # top, left, bottom, right

LOWEST = float(np.finfo(np.float32).min)


def conv(draft: Draft, op: Conv2d, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """A convolution; a standardised one comes with its filters standardised."""
    pads = same_pads(inputs[0].shape, op.kernel, op.stride, op.dilation)
    if op.padding != "same":
        pads = [*op.padding, *op.padding]
    held = [draft.constant(tensors[part], f"{out}.{part}") for part in ("weight", "bias") if part in tensors]
    draft.add(
        "Conv",
        inputs[0].name,
        *held,
        out=out,
        kernel_shape=list(op.kernel),
        strides=list(op.stride),
        dilations=list(op.dilation),
        group=op.groups,
        pads=pads,
    )


def max_pool(draft: Draft, op: MaxPool2d, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """Max pooling; padding that is never the largest is the operator's own."""
    image, pads = inputs[0], own_pads(op, inputs[0].shape)
    if op.zeros and any(pads):
        image, pads = _padded(draft, image, pads), [0] * 4
    if draft.kind_of(image.name) == "Pad":
        # onnxruntime takes zeros padded before a max pool for padding of the pool, which is never the largest (as
        # onnxsim did, github.com/onnxsim/onnxsim/issues/290); an operator between them keeps them apart.
        image = image._replace(name=draft.add("Max", image.name, draft.number(LOWEST)))
    over = [0, 0, *overhang(op, image.shape, pads)]
    _pool(draft, "MaxPool", op, image, [a + b for a, b in zip(pads, over, strict=True)], out)


def avg_pool(draft: Draft, op: AvgPool2d, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """Average pooling; what hangs over the padding counts in no mean, and padding where the op says so."""
    image, pads = inputs[0], own_pads(op, inputs[0].shape)
    over = [0, 0, *overhang(op, image.shape, pads)]
    counted = int(op.count_include_pad)
    if counted and any(over):
        if any(pads):
            image, pads = _padded(draft, image, pads), [0] * 4
        counted = 0
    pads = [a + b for a, b in zip(pads, over, strict=True)]
    _pool(draft, "AveragePool", op, image, pads, out, count_include_pad=counted)


def same_pads(shape: Shape, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Pads:
    """The padding that TensorFlow's SAME puts around a map, the odd pixel at the bottom and right."""
    rows = zip(shape[1:], kernel, stride, dilation, strict=True)
    totals = [same(*row) - size for row, size in zip(rows, shape[1:], strict=True)]
    return [*(total // 2 for total in totals), *(total - total // 2 for total in totals)]


def own_pads(op: WindowPool, shape: Shape) -> Pads:
    """The padding of a pool."""
    if op.padding == "same":
        return same_pads(shape, op.kernel, op.stride)
    return [*op.padding, *op.padding]


def overhang(op: WindowPool, shape: Shape, pads: Pads) -> Pair:
    """How far the last windows reach beyond the padded map, below and to the right."""
    if not op.ceil_mode:
        return 0, 0
    made = op.shapes(shape)[0] if pads == own_pads(op, shape) else _unpadded(op).shapes(shape)[0]
    sizes = (shape[1] + pads[0] + pads[2], shape[2] + pads[1] + pads[3])
    reach = [(n - 1) * s + k for n, s, k in zip(made[1:], op.stride, op.kernel, strict=True)]
    below, right = (max(0, far - size) for far, size in zip(reach, sizes, strict=True))
    return below, right


def _unpadded(op: WindowPool) -> WindowPool:
    return type(op)(op.kernel, op.stride, (0, 0), op.ceil_mode)


def _pool(draft: Draft, kind: str, op: WindowPool, image: Value, pads: Pads, out: str, **more: int) -> None:
    draft.add(kind, image.name, out=out, kernel_shape=list(op.kernel), strides=list(op.stride), pads=pads, **more)


def _padded(draft: Draft, image: Value, pads: Pads, out: str = "") -> Value:
    """The map with zeros around it (a negative number cuts pixels off)."""
    top, left, bottom, right = pads
    channels, height, width = image.shape
    name = draft.add("Pad", image.name, draft.whole(0, 0, top, left, 0, 0, bottom, right), draft.number(0), out=out)
    return Value(name, (channels, height + top + bottom, width + left + right), image.batched)


def zero_pad(draft: Draft, op: ZeroPad2d, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """Zeros around a map."""
    left, right, top, bottom = op.padding
    _padded(draft, inputs[0], [top, left, bottom, right], out)


def adaptive_avg_pool(draft: Draft, op: AdaptiveAvgPool2d, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """Means over a grid of cells: a plain pool where the cells are equal, else products with two matrices of means."""
    _, height, width = inputs[0].shape
    rows, columns = op.size
    if height % rows == 0 and width % columns == 0:
        cell = [height // rows, width // columns]
        draft.add("AveragePool", inputs[0].name, out=out, kernel_shape=cell, strides=cell)
        return
    across = draft.add("MatMul", inputs[0].name, draft.constant(_means(width, columns).T))
    draft.add("MatMul", draft.constant(_means(height, rows)), across, out=out)


def _means(size: int, cells: int) -> NDArray[np.float32]:
    """A row a cell: the share of each of `size` positions in its mean, over the positions that torch gives it."""
    shares = np.zeros((cells, size), dtype=np.float32)
    for cell in range(cells):
        begin, end = cell * size // cells, -(-(cell + 1) * size // cells)
        shares[cell, begin:end] = 1 / (end - begin)
    return shares


def global_avg_pool(draft: Draft, op: GlobalAvgPool, inputs: list[Value], tensors: Tensors, out: str) -> None:
    """The mean of each channel."""
    if op.keepdim:
        draft.add("GlobalAveragePool", inputs[0].name, out=out)
    else:
        draft.add("Flatten", draft.add("GlobalAveragePool", inputs[0].name), out=out, axis=1)
