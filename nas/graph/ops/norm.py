"""Normalisation: over the batch, over the channels, over groups of channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import ClassVar

from nas.errors import GraphError
from nas.graph.op import Op, Shape, channel_axis, count, expect, image, number


@dataclass(frozen=True, slots=True)
class AffineNorm(Op):
    """What norms share: `channels` in and out, with a trainable scale and shift; `eps` is against division by 0."""

    fresh: ClassVar[bool] = True

    channels: int
    eps: float = 1e-5

    def __post_init__(self) -> None:
        count(self.channels, "channels")
        number(self.eps, "eps", 0)

    def resized(self, inputs: tuple[Shape, ...], channels: tuple[int, ...]) -> AffineNorm:
        return replace(self, channels=channels[0])

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        expect(image(inputs[0], self.kind)[0], self.channels, self.kind)
        return inputs

    @property
    def params(self) -> int:
        return 2 * self.channels


@dataclass(frozen=True, slots=True)
class BatchNorm(AffineNorm):
    """Batch normalisation over the channel axis (the first), affine, with running statistics."""

    kind: ClassVar[str] = "batch_norm"

    momentum: float = 0.1

    def __post_init__(self) -> None:
        AffineNorm.__post_init__(self)
        number(self.momentum, "momentum", 0, 1)

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        if len(inputs[0]) not in (1, 3):
            raise GraphError(f"batch_norm takes a map or a vector, got {inputs[0]}")
        expect(inputs[0][0], self.channels, self.kind)
        return inputs

    def canonical(self) -> dict[str, object]:
        return {"channels": self.channels, "eps": self.eps}  # momentum changes training only


@dataclass(frozen=True, slots=True)
class LocalResponseNorm(Op):
    """Normalisation of each element by its `size` nearest channels (Krizhevsky et al. 2012, §3.3): x / (k + α·m)^β.

    m is the mean of their squares, as in torch; the paper has the sum, so its α counts `size` times.
    """

    kind: ClassVar[str] = "local_response_norm"
    fresh: ClassVar[bool] = True

    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def __post_init__(self) -> None:
        count(self.size, "size")
        for name in ("alpha", "beta", "k"):
            number(getattr(self, name), name, 0)

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        image(inputs[0], self.kind)
        return inputs

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        channels, *area = outputs[0]  # at most the squares and their padded copy, or three maps in a row
        return max(channels + self.size - 1, 2 * channels) * prod(area)


@dataclass(frozen=True, slots=True)
class LayerNorm(AffineNorm):
    """Normalisation of each position over its channels, affine: of a map (C, H, W), tokens (N, C) or a vector (C,)."""

    kind: ClassVar[str] = "layer_norm"

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        expect(inputs[0][channel_axis(inputs[0])], self.channels, self.kind)
        return inputs

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        return 2 * prod(outputs[0]) // self.channels  # mean and deviation of each position


@dataclass(frozen=True, slots=True)
class GroupNorm(AffineNorm):
    """Normalisation of a map (C, H, W) over each of `groups` equal groups of channels, affine."""

    kind: ClassVar[str] = "group_norm"

    groups: int = 32

    def __post_init__(self) -> None:
        AffineNorm.__post_init__(self)
        count(self.groups, "groups")
        if self.channels % self.groups:
            raise GraphError(f"group_norm groups={self.groups} must divide channels={self.channels}")


@dataclass(frozen=True, slots=True)
class GlobalResponseNorm(AffineNorm):
    """Global response normalisation of a map (C, H, W) (Woo et al. 2023, arXiv:2301.00808, Algorithm 1), affine.

    Each channel is scaled by its norm over the map, in units of the mean of all channels' norms, and added to itself.
    """

    kind: ClassVar[str] = "global_response_norm"

    eps: float = 1e-6

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        return self.channels  # the factor of each channel
