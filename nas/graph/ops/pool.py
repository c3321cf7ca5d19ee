"""Pooling: windows, fixed output sizes, and the whole map."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar, Literal

from nas.errors import GraphError
from nas.graph.op import Op, Pair, Shape, image, pair, same, window


@dataclass(frozen=True, slots=True)
class WindowPool(Op):
    """What max and average pooling share: a sliding window; fields as in torch.nn, and padding "same" as in Conv2d."""

    kernel: Pair
    stride: Pair
    padding: Pair | Literal["same"] = (0, 0)
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "kernel", pair(self.kernel, "kernel"))
        object.__setattr__(self, "stride", pair(self.stride, "stride"))
        if self.padding == "same":
            if self.ceil_mode:
                raise GraphError(f"{self.kind}: ceil_mode does not go with padding 'same', which rounds up")
            return
        object.__setattr__(self, "padding", pair(self.padding, "padding", least=0))
        if any(2 * p > k for p, k in zip(self.padding, self.kernel, strict=True)):
            raise GraphError(f"{self.kind} padding={self.padding}: must be at most half the kernel {self.kernel}")

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels, height, width = image(inputs[0], self.kind)
        (kh, kw), (sh, sw) = self.kernel, self.stride
        if self.padding == "same":
            return ((channels, -(-height // sh), -(-width // sw)),)
        ph, pw = self.padding
        return (
            (
                channels,
                window(height, kh, sh, ph, ceil=self.ceil_mode),
                window(width, kw, sw, pw, ceil=self.ceil_mode),
            ),
        )

    def padded(self, shape: Shape) -> Shape:
        """The map that the windows slide over, where it is a padded copy."""
        channels, *sizes = shape
        if self.padding == "same":
            return channels, *(same(*row) for row in zip(sizes, self.kernel, self.stride, strict=True))
        return shape


@dataclass(frozen=True, slots=True)
class MaxPool2d(WindowPool):
    """The largest value under each window; with `zeros` padding counts as 0, else it is never the largest."""

    kind: ClassVar[str] = "max_pool2d"

    zeros: bool = False

    def padded(self, shape: Shape) -> Shape:
        if not self.zeros or self.padding == "same":
            return WindowPool.padded(self, shape)
        channels, *sizes = shape
        return channels, *(size + 2 * pad for size, pad in zip(sizes, self.padding, strict=True))

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        if not self.zeros or self.padding == "same":
            return WindowPool.shapes(self, *inputs)
        return replace(self, padding=(0, 0), zeros=False).shapes(self.padded(image(inputs[0], self.kind)))

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        places, padded = 2 * prod(outputs[0]), self.padded(inputs[0])  # torch notes where each maximum was, in 64 bits
        return places + (prod(padded) if padded != inputs[0] or (self.zeros and self.padding != "same") else 0)

    def canonical(self) -> dict[str, object]:
        return {name: value for name, value in self.attributes().items() if value or name != "zeros"}


@dataclass(frozen=True, slots=True)
class AvgPool2d(WindowPool):
    """The mean under each window; `count_include_pad` counts padding as zeros, as padding "same" always does here."""

    kind: ClassVar[str] = "avg_pool2d"

    count_include_pad: bool = True

    def __post_init__(self) -> None:
        WindowPool.__post_init__(self)
        if self.padding == "same" and not self.count_include_pad:
            raise GraphError(f"{self.kind}: padding 'same' counts as zeros; say count_include_pad=True")

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        padded = self.padded(inputs[0])
        return prod(padded) if padded != inputs[0] else 0


@dataclass(frozen=True, slots=True)
class AdaptiveAvgPool2d(Op):
    """The mean over a grid of `size` (height, width) cells, whatever the input's size."""

    kind: ClassVar[str] = "adaptive_avg_pool2d"

    size: Pair

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", pair(self.size, "size"))

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        return ((image(inputs[0], self.kind)[0], *self.size),)


@dataclass(frozen=True, slots=True)
class GlobalAvgPool(Op):
    """The mean of each channel over the whole map: (C, H, W) -> (C,), or (C, 1, 1) with `keepdim`."""

    kind: ClassVar[str] = "global_avg_pool"

    keepdim: bool = False

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = image(inputs[0], self.kind)[0]
        return ((channels, 1, 1),) if self.keepdim else ((channels,),)
