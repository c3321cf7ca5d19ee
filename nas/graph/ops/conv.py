"""Convolution and linear layers: the ops that multiply and add."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar, Literal

from nas.errors import GraphError
from nas.graph.op import Flow, Op, Pair, Shape, channel_axis, count, expect, image, pair, same, window


@dataclass(frozen=True, slots=True)
class Conv2d(Op):
    """2-d convolution. `padding="same"` is TensorFlow's SAME: ceil(size / stride) outputs, the odd pixel
    padded at the bottom and right. Other fields are those of `torch.nn.Conv2d`; pairs are (height, width)."""

    kind: ClassVar[str] = "conv2d"
    fresh: ClassVar[bool] = True

    in_channels: int
    out_channels: int
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair | Literal["same"] = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = False

    def __post_init__(self) -> None:
        for name in ("in_channels", "out_channels", "groups"):
            count(getattr(self, name), name)
        for name in ("kernel", "stride", "dilation"):
            object.__setattr__(self, name, pair(getattr(self, name), name))
        if self.padding != "same":
            object.__setattr__(self, "padding", pair(self.padding, "padding", least=0))
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise GraphError(
                f"groups={self.groups} must divide in_channels={self.in_channels} and out_channels={self.out_channels}"
            )

    @property
    def depthwise(self) -> bool:
        """One filter a channel."""
        return self.groups == self.in_channels == self.out_channels

    @property
    def flow(self) -> Flow:
        return "keeps" if self.depthwise and self.groups > 1 else "makes"

    def resized(self, inputs: tuple[Shape, ...], channels: tuple[int, ...]) -> Conv2d:
        made, width = inputs[0][0], self.in_channels // self.groups  # a group keeps its width
        if self.groups > 1 and made % min(width, made):
            raise GraphError(f"{made} channels are no whole number of groups of {width}")
        groups = 1 if self.groups == 1 else made // min(width, made)
        return replace(self, in_channels=made, out_channels=channels[0], groups=groups)

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels, height, width = image(inputs[0], "conv2d")
        expect(channels, self.in_channels, "conv2d")
        if self.padding == "same":
            return ((self.out_channels, -(-height // self.stride[0]), -(-width // self.stride[1])),)
        (kh, kw), (sh, sw), (ph, pw), (dh, dw) = self.kernel, self.stride, self.padding, self.dilation
        return ((self.out_channels, window(height, kh, sh, ph, dh), window(width, kw, sw, pw, dw)),)

    @property
    def fixed_padding(self) -> Pair | None:
        """The padding as torch counts it; None for SAME where it depends on the size of the map."""
        if self.padding != "same":
            return self.padding
        height, width = ((kernel - 1) * dilation for kernel, dilation in zip(self.kernel, self.dilation, strict=True))
        return (height // 2, width // 2) if self.stride == (1, 1) and not (height % 2 or width % 2) else None

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        if self.fixed_padding is not None:
            return 0
        channels, *sizes = inputs[0]  # SAME by hand is a padded copy of the map
        padded = [same(*row) for row in zip(sizes, self.kernel, self.stride, self.dilation, strict=True)]
        return channels * prod(padded) if padded != sizes else 0

    @property
    def params(self) -> int:
        kh, kw = self.kernel
        return self.out_channels * (self.in_channels // self.groups * kh * kw + self.bias)

    def macs(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        kh, kw = self.kernel
        return prod(outputs[0]) * (self.in_channels // self.groups) * kh * kw

    def activations(self, outputs: tuple[Shape, ...]) -> int:
        return prod(outputs[0])


@dataclass(frozen=True, slots=True)
class Linear(Op):
    """Matrix product over the channels: of a vector (C,), tokens (N, C) or a map (C, H, W), where it is a 1×1
    convolution whose weight is stored as a matrix."""

    kind: ClassVar[str] = "linear"
    fresh: ClassVar[bool] = True

    in_features: int
    out_features: int
    bias: bool = True

    def __post_init__(self) -> None:
        count(self.in_features, "in_features")
        count(self.out_features, "out_features")

    @property
    def flow(self) -> Flow:
        return "makes"

    def resized(self, inputs: tuple[Shape, ...], channels: tuple[int, ...]) -> Linear:
        return replace(self, in_features=inputs[0][channel_axis(inputs[0])], out_features=channels[0])

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        axis = channel_axis(inputs[0])
        expect(inputs[0][axis], self.in_features, "linear")
        return ((*inputs[0][:axis], self.out_features, *inputs[0][axis + 1 :]),)

    @property
    def params(self) -> int:
        return self.out_features * (self.in_features + self.bias)

    def macs(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        return prod(outputs[0]) * self.in_features

    def activations(self, outputs: tuple[Shape, ...]) -> int:
        return prod(outputs[0]) if len(outputs[0]) == 3 else 0
