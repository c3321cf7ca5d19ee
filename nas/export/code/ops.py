"""How each op is written in Python: the module that a constructor makes, or the expression in forward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nas.export.code.group import Use
from nas.export.code.layout import Argument, Call
from nas.export.code.scope import spelled
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

if TYPE_CHECKING:
    from nas.export.code.maker import Maker

ACTIVATIONS = {
    "gelu": "nn.GELU",
    "hardsigmoid": "nn.Hardsigmoid",
    "hardswish": "nn.Hardswish",
    "relu": "nn.ReLU",
    "relu6": "nn.ReLU6",
    "silu": "nn.SiLU",
    "sigmoid": "nn.Sigmoid",
    "tanh": "nn.Tanh",
}
BATCH_NORM = {"eps": 1e-5, "momentum": 0.1}  # torch.nn.BatchNorm2d's own


def conv(m: Maker, use: Use) -> Call:
    """A convolution; those with SAME padding, and with standardised filters, have classes of their own."""
    op = use.op
    assert isinstance(op, Conv2d)
    read = m.width_read(use, [o and o.in_channels for o in m.ops(use)])
    made = m.width_made(use, [o and o.out_channels for o in m.ops(use)])
    kernel = m.pair(
        use, "kernel", near=[c for c in m.scope.columns if "kernel" in c or c in ("start", "middle", "band")]
    )
    stride = m.pair(use, "stride", near=m.stride_names())
    dilation = m.pair(use, "dilation")
    groups = m.number([o and o.groups for o in m.ops(use)], [read, made, *m.group_names(read)])
    bias = m.number([o and o.bias for o in m.ops(use)])
    same = op.padding == "same"
    kind = "SameConv2d" if same else "nn.Conv2d"
    arguments = [read, made, kernel]
    told = [] if stride == "1" else [f"stride={stride}"]
    if not same:
        padding = m.padding(use, kernel, dilation)
        told += [] if padding == "0" else [f"padding={padding}"]
    told += [] if dilation == "1" else [f"dilation={dilation}"]
    told += [] if groups == "1" else [f"groups={groups}"]
    told += [] if bias == "True" else [f"bias={bias}"]
    if isinstance(op, StandardisedConv2d):
        kind = "StandardisedConv2d"
        told += ["same=True"] * same + ["gain=True"] * op.gain + [f"eps={spelled(op.eps)}"]
    m.needs(kind)
    return Call(kind, (*arguments, *told))


def linear(m: Maker, use: Use) -> Call:
    """A linear layer; of a map over its channels."""
    read = m.width_read(use, [o and o.in_features for o in m.ops(use)])
    made = m.width_made(use, [o and o.out_features for o in m.ops(use)])
    bias = m.number([o and o.bias for o in m.ops(use)])
    kind = m.needs("MapLinear" if m.rank(use) == 3 else "nn.Linear")
    return Call(kind, (read, made, *([] if bias == "True" else [f"bias={bias}"])))


def batch_norm(m: Maker, use: Use) -> Call:
    """Batch norm; what is torch's own is left out."""
    op: Any = use.op
    channels = m.width_read(use, [o and o.channels for o in m.ops(use)])
    told = [f"{key}={spelled(getattr(op, key))}" for key, own in BATCH_NORM.items() if getattr(op, key) != own]
    return Call("nn.BatchNorm2d" if m.rank(use) == 3 else "nn.BatchNorm1d", (channels, *told))


def norm(kind: str, own: float) -> Callable[[Maker, Use], Call]:
    """A norm with an eps, which is left out where it is the class's `own`."""

    def make(m: Maker, use: Use) -> Call:
        op: Any = use.op
        channels = m.width_read(use, [o and o.channels for o in m.ops(use)])
        name = "MapLayerNorm" if kind == "nn.LayerNorm" and m.rank(use) == 3 else kind
        groups = [str(op.groups)] if isinstance(op, GroupNorm) else []
        return Call(m.needs(name), (*groups, channels, *([] if op.eps == own else [f"eps={spelled(op.eps)}"])))

    return make


def activation(m: Maker, use: Use) -> Call:
    """An activation; one that changes is a column."""
    return Call(m.number([o and ACTIVATIONS[o.function] for o in m.ops(use)]))


def max_pool(m: Maker, use: Use) -> Call:
    """Max pooling."""
    op: Any = use.op
    stride = m.pair(use, "stride", near=["stride"])
    if op.padding == "same":
        return Call(m.needs("SameMaxPool2d"), (m.pair(use, "kernel"), stride, *["zeros=True"] * op.zeros))
    told = _pooling(m, use)
    if op.zeros:
        return Call(m.needs("ZeroPaddedMaxPool2d"), (m.pair(use, "kernel"), stride, *told))
    return Call("nn.MaxPool2d", (m.pair(use, "kernel"), stride, *told))


def avg_pool(m: Maker, use: Use) -> Call:
    """Average pooling."""
    op: Any = use.op
    arguments = m.pair(use, "kernel", near=["stride"]), m.pair(use, "stride", near=["stride"])
    if op.padding == "same":
        return Call(m.needs("SameAvgPool2d"), arguments)
    told = [] if op.count_include_pad else ["count_include_pad=False"]
    return Call("nn.AvgPool2d", (*arguments, *_pooling(m, use), *told))


def _pooling(m: Maker, use: Use) -> list[str]:
    op: Any = use.op
    padding = m.pair(use, "padding")
    return [f"padding={padding}"] * (padding != "0") + ["ceil_mode=True"] * op.ceil_mode


def parameter(m: Maker, use: Use) -> Call:
    """A bare trainable tensor, in the shape in which a state dict holds it."""
    op: Any = use.op
    stored = [o and ((1, *o.shape) if o.stored is None else o.stored) for o in m.ops(use)]
    rank = len(next(shape for shape in stored if shape is not None))
    sizes = [m.size(use, [shape and shape[axis] for shape in stored]) for axis in range(rank)]
    shape = ", ".join(sizes)
    full = (
        f"torch.full(({shape}{',' * (rank == 1)}), {spelled(float(op.value))})"
        if op.value
        else f"torch.zeros({shape or '()'})"
    )
    return Call("nn.Parameter", (full.replace("), 1)", "), 1.0)"),))


# Ops that a constructor makes: (maker, what all blocks have of it) -> the call.
MODULES: dict[type[Op], Callable[[Any, Use], Argument]] = {
    Conv2d: conv,
    StandardisedConv2d: conv,
    Linear: linear,
    BatchNorm: batch_norm,
    LayerNorm: norm("nn.LayerNorm", 1e-5),
    GroupNorm: norm("nn.GroupNorm", 1e-5),
    GlobalResponseNorm: norm("GlobalResponseNorm", 1e-6),
    LocalResponseNorm: lambda m, use: Call(
        "nn.LocalResponseNorm", tuple(f"{key}={spelled(value)}" for key, value in use.op.attributes().items())
    ),
    Activation: activation,
    MaxPool2d: max_pool,
    AvgPool2d: avg_pool,
    ZeroPad2d: lambda m, use: Call("nn.ZeroPad2d", (m.number([o and o.padding for o in m.ops(use)]),)),
    AdaptiveAvgPool2d: lambda m, use: Call("nn.AdaptiveAvgPool2d", (m.pair(use, "size"),)),
    Dropout: lambda m, use: Call("nn.Dropout", (m.number([o and o.rate for o in m.ops(use)]),)),
    StochasticDepth: lambda m, use: Call(
        m.needs("DropPath"), (m.number([o and o.rate for o in m.ops(use)], ["drop_path"]),)
    ),
    ChannelShuffle: lambda m, use: Call("nn.ChannelShuffle", (m.number([o and o.groups for o in m.ops(use)]),)),
}


def split(m: Maker, use: Use, values: Sequence[str]) -> str:
    """Equal parts as chunks, others by their sizes."""
    op: Any = use.op
    if len(set(op.sizes)) == 1 and all(o is None or len(set(o.sizes)) == 1 for o in m.ops(use)):
        return f"{values[0]}.chunk({len(op.sizes)}, {op.axis + 1})"
    parts = range(len(op.sizes))  # the last first: the rest is told as what they leave
    sizes = [m.size(use, [o and o.sizes[part] for o in m.ops(use)], keep=True) for part in reversed(parts)][::-1]
    return f"{values[0]}.split(({', '.join(sizes)}), {op.axis + 1})"


def radix_softmax(m: Maker, use: Use, values: Sequence[str]) -> str:
    """Softmax across the gates of several maps."""
    m.needs("radix_softmax")
    return f"radix_softmax({values[0]}, {use.op.radix}, {use.op.cardinality})"  # type: ignore[attr-defined]


def factor(m: Maker, use: Use, values: Sequence[str]) -> str:
    """A map times a number."""
    near: list[str] = []
    if isinstance(use.op, UnitVariance):
        growths = ["alpha ** 2", spelled(use.op.growth)]
        near = [f"(1 + passed * {growth}) ** -0.5" for growth in growths]
    number = m.number([o and o.factor for o in m.ops(use)], near, keep=True)
    return f"{values[0]} * {number}"


# Ops without a module: (maker, what all blocks have of it, what it reads) -> the expression.
EXPRESSIONS: dict[type[Op], Callable[[Any, Use, Sequence[str]], str]] = {
    Add: lambda m, use, values: " + ".join(values),
    Multiply: lambda m, use, values: " * ".join(m.as_map(use, index, value) for index, value in enumerate(values)),
    Concat: lambda m, use, values: f"torch.cat(({', '.join(values)}), {use.op.axis + 1})",  # type: ignore[attr-defined]
    Split: split,
    RadixSoftmax: radix_softmax,
    Scale: factor,
    UnitVariance: factor,
    Flatten: lambda m, use, values: f"{values[0]}.flatten({use.op.axis + 1})",  # type: ignore[attr-defined]
    GlobalAvgPool: lambda m, use, values: (
        f"{values[0]}.mean((2, 3){', keepdim=True' * use.op.keepdim})"  # type: ignore[attr-defined]
    ),
}
PARAMETERS: dict[type[Op], Callable[[Any, Use], Call]] = {Parameter: parameter}
