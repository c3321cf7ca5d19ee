"""What an op is called in a picture: the kind that gives its box a colour, and a label."""

from __future__ import annotations

from functools import singledispatch
from typing import NamedTuple

from nas.graph.op import Op, Pair, Shape
from nas.graph.ops import (
    Activation,
    AdaptiveAvgPool2d,
    Add,
    AvgPool2d,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    Input,
    Linear,
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
from nas.graph.ops.pointwise import Factor

# kind -> what the legend calls it, in the legend's order
KINDS = {
    "port": "input, output",
    "conv": "convolution",
    "pointwise": "1×1 convolution",
    "depthwise": "depthwise or separable convolution",
    "linear": "linear",
    "gate": "squeeze-excite",
    "pool": "pooling",
    "join": "add, multiply",
    "other": "other op",
    "again": "like another block",
    "link": "same letter: same tensor",
}


class Words(NamedTuple):
    """How a box looks: its kind (one of KINDS) and its label."""

    kind: str
    label: str


def dims(shape: Shape) -> str:
    """3×224×224."""
    return "×".join(map(str, shape))


def map_words(shape: Shape) -> str:
    """What a tensor is, for one image: 40 ch · 28×28, 1000 features, 197×768."""
    if len(shape) == 3:
        return f"{shape[0]} ch · {shape[1]}×{shape[2]}"
    return f"{shape[0]} features" if len(shape) == 1 else dims(shape)


def _down(stride: Pair) -> str:
    """A stride, said after a space; nothing where every position counts."""
    return "" if stride == (1, 1) else f" ↓{stride[0]}" if stride[0] == stride[1] else f" ↓{dims(stride)}"


@singledispatch
def words(op: Op) -> Words:
    """The kind and the label of an op's box; an op without an entry goes by its kind in the vocabulary."""
    return Words("other", op.kind.replace("_", " "))


@words.register
def _conv(op: Conv2d) -> Words:
    kind = "depthwise" if op.depthwise else "pointwise" if op.kernel == (1, 1) else "conv"
    groups = " dw" if op.depthwise else f" g{op.groups}" if op.groups > 1 else ""
    standardised = " std" if isinstance(op, StandardisedConv2d) else ""
    return Words(kind, f"{dims(op.kernel)}{standardised}{groups}{_steps(op)} · {op.out_channels}")


def _steps(op: Conv2d) -> str:
    """Stride and dilation, each after a space."""
    return _down(op.stride) + ("" if op.dilation == (1, 1) else f" d{max(op.dilation)}")


def separable(depthwise: Conv2d, pointwise: Conv2d) -> Words:
    """The two layers of a separable convolution in one box."""
    return Words("depthwise", f"sep {dims(depthwise.kernel)}{_steps(depthwise)} · {pointwise.out_channels}")


@words.register
def _dropout(op: Dropout) -> Words:
    return Words("other", f"dropout {op.rate:g}")


@words.register
def _linear(op: Linear) -> Words:
    return Words("linear", f"linear · {op.out_features}")


@words.register
def _activation(op: Activation) -> Words:
    return Words("other", op.function)


@words.register
def _input(op: Input) -> Words:
    return Words("port", f"input · {dims(op.shape)}")


@words.register
def _parameter(op: Parameter) -> Words:
    return Words("other", f"parameter {dims(op.shape)}")


@words.register
def _max_pool(op: MaxPool2d) -> Words:
    return Words("pool", f"max pool {dims(op.kernel)}{_down(op.stride)}")


@words.register
def _avg_pool(op: AvgPool2d) -> Words:
    return Words("pool", f"avg pool {dims(op.kernel)}{_down(op.stride)}")


@words.register
def _adaptive_pool(op: AdaptiveAvgPool2d) -> Words:
    return Words("pool", f"avg pool to {dims(op.size)}")


@words.register
def _global_pool(op: GlobalAvgPool) -> Words:
    return Words("pool", "global avg pool")


@words.register
def _zero_pad(op: ZeroPad2d) -> Words:
    return Words("other", "pad " + " ".join(f"{side:+d}" for side in op.padding))


@words.register
def _add(op: Add) -> Words:
    return Words("join", "+")


@words.register
def _multiply(op: Multiply) -> Words:
    return Words("join", "×")


@words.register
def _concat(op: Concat) -> Words:
    return Words("other", "concat")


@words.register
def _radix_softmax(op: RadixSoftmax) -> Words:
    return Words("other", f"softmax of {op.radix}")


@words.register
def _split(op: Split) -> Words:
    sizes = " | ".join(map(str, op.sizes))
    return Words("other", f"split {sizes}" if len(sizes) <= 16 else f"split into {len(op.sizes)}")


def folds(op: Op) -> bool:
    """Whether the op is written into the box of the op that it follows: norms, activations, noise, reshaping."""
    return op.kind.endswith("_norm") or isinstance(op, (Activation, Factor, Dropout, StochasticDepth, Flatten))


def aside(op: Op) -> str:
    """The small print for an op that folds: BN, silu, × 1.7, / σ, dropout 0.2; stochastic depth goes unsaid."""
    if isinstance(op, StochasticDepth):
        return ""
    if isinstance(op, Activation):
        return op.function
    if isinstance(op, UnitVariance):
        return "/ σ"
    if isinstance(op, Scale):
        return f"× {op.by:.3g}"
    if isinstance(op, Dropout):
        return f"dropout {op.rate:g}"
    if op.kind.endswith("_norm"):
        return "".join(word[0] for word in op.kind.split("_")).upper()
    return op.kind
