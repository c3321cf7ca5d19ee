"""Modules that torch lacks: SAME padding, standardised filters, stochastic depth and their like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from nas.graph import Pair
from nas.graph.op import same

Layer = TypeVar("Layer", bound=nn.Module)
_BARE: dict[type[nn.Module], type[nn.Module]] = {}


def bare(kind: type[Layer], *shape: Any, **settings: Any) -> Layer:
    """A layer whose weights hold anything: the compiler fills them once, by the family's rule.

    torch's own start, which would be thrown away, is most of the time that making a layer takes.
    """
    if kind not in _BARE:
        _BARE[kind] = type(kind.__name__, (kind,), {"reset_parameters": lambda self: None})
    layer = _BARE[kind](*shape, **settings)
    layer.__class__ = kind
    return layer  # type: ignore[return-value]  # its class is `kind` again


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, which depends on the image's size."""

    def forward(self, x: Tensor) -> Tensor:
        x = same_padded(x, self.kernel_size, self.stride, self.dilation)
        return nn.functional.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def same_padded(
    x: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int] = (1, 1), value: float = 0.0
) -> Tensor:
    """The map with what SAME padding puts around it: zeros, or another value."""
    pads: list[int] = []
    for axis in (1, 0):  # pad counts from the last axis
        size = x.shape[2 + axis]
        total = same(size, kernel[axis], stride[axis], dilation[axis]) - size
        pads += [total // 2, total - total // 2]
    return nn.functional.pad(x, pads, value=value) if any(pads) else x  # padding by nothing would copy the map


class StandardisedConv(nn.Conv2d):
    """Convolution with filters of mean 0 and variance 1, or with `gain` of variance 1 / fan-in times a factor each."""

    gain: nn.Parameter | None

    def __init__(self, *shape: Any, eps: float, gain: bool, same: bool, **settings: Any) -> None:
        super().__init__(*shape, **settings)
        self.eps, self.same = eps, same
        self.register_parameter("gain", nn.Parameter(torch.ones(self.out_channels, 1, 1, 1)) if gain else None)

    def forward(self, x: Tensor) -> Tensor:
        x = same_padded(x, self.kernel_size, self.stride, self.dilation) if self.same else x
        filters = self.weight.reshape(1, self.out_channels, -1)
        filters = nn.functional.batch_norm(filters, None, None, self.scale(), training=True, momentum=0.0, eps=self.eps)
        filters = filters.reshape_as(self.weight)
        return nn.functional.conv2d(x, filters, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def scale(self) -> Tensor | None:
        """The standard deviations that the filters get; None: 1."""
        return None if self.gain is None else (self.gain * self.weight[0].numel() ** -0.5).view(-1)

    def extra_repr(self) -> str:
        sizes = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        return f"{sizes}, groups={self.groups}, eps={self.eps}, gain={self.gain is not None}"


class ZeroPaddedMaxPool2d(nn.MaxPool2d):
    """Max pooling whose padding counts as zeros."""

    def __init__(self, kernel: Pair, stride: Pair, padding: Pair, ceil_mode: bool) -> None:
        super().__init__(kernel, stride, ceil_mode=ceil_mode)
        self.zeros = padding[1], padding[1], padding[0], padding[0]  # pad counts from the last axis

    def forward(self, x: Tensor) -> Tensor:
        pooled: Tensor = super().forward(nn.functional.pad(x, self.zeros))
        return pooled


class SameMaxPool2d(nn.MaxPool2d):
    """Max pooling with SAME padding, of zeros or of what is never the largest."""

    def __init__(self, kernel: Pair, stride: Pair, zeros: bool) -> None:
        super().__init__(kernel, stride)
        self.pair, self.value = (kernel, stride), 0.0 if zeros else -math.inf

    def forward(self, x: Tensor) -> Tensor:
        pooled: Tensor = super().forward(same_padded(x, *self.pair, value=self.value))
        return pooled


class SameAvgPool2d(nn.AvgPool2d):
    """Average pooling with SAME padding, which counts as zeros."""

    def __init__(self, kernel: Pair, stride: Pair) -> None:
        super().__init__(kernel, stride)
        self.pair = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(same_padded(x, *self.pair))


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


class MapResponseNorm(nn.Module):
    """Global response normalisation of maps (images, C, H, W), in one pass: x + (gain · x · weight + bias)."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(channels)), nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        gain = x.norm(dim=(2, 3), keepdim=True)
        gain = gain / (gain.mean(1, keepdim=True) + self.eps)
        gain = self.weight[:, None, None] * gain + 1
        return torch.addcmul(self.bias[:, None, None], x, gain)

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, eps={self.eps}"
