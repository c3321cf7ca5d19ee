"""Ops that keep the shape of their input: normalisation, activations, and the noise of training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from nas.errors import GraphError, unknown
from nas.graph.op import Op, Shape, count, expect, number

# Two values of one function name never differ, so the torch twin is a table from these names.
ACTIVATIONS = ("hardsigmoid", "hardswish", "relu", "relu6", "sigmoid", "silu")


@dataclass(frozen=True, slots=True)
class BatchNorm(Op):
    """Batch normalisation over the channel axis (the first), affine, with running statistics."""

    kind: ClassVar[str] = "batch_norm"
    fresh: ClassVar[bool] = True

    channels: int
    eps: float = 1e-5
    momentum: float = 0.1

    def __post_init__(self) -> None:
        count(self.channels, "channels")
        number(self.eps, "eps", 0)
        number(self.momentum, "momentum", 0, 1)

    def resized(self, inputs: tuple[Shape, ...], channels: tuple[int, ...]) -> BatchNorm:
        return replace(self, channels=inputs[0][0])

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        if len(inputs[0]) not in (1, 3):
            raise GraphError(f"batch_norm takes a map or a vector, got {inputs[0]}")
        expect(inputs[0][0], self.channels, "batch_norm")
        return inputs

    @property
    def params(self) -> int:
        return 2 * self.channels

    def canonical(self) -> dict[str, object]:
        return {"channels": self.channels, "eps": self.eps}  # momentum changes training only


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An element-wise nonlinearity, one of ACTIVATIONS."""

    kind: ClassVar[str] = "activation"
    inplace: ClassVar[bool] = True

    function: str

    def __post_init__(self) -> None:
        if self.function not in ACTIVATIONS:
            raise GraphError(unknown("activation", self.function, ACTIVATIONS))


@dataclass(frozen=True, slots=True)
class Dropout(Op):
    """Zeroes elements at `rate` in training; the identity at inference."""

    kind: ClassVar[str] = "dropout"
    view: ClassVar[bool] = True

    rate: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise GraphError(f"{self.kind} rate={self.rate!r}: must be in [0, 1)")

    def canonical(self) -> dict[str, object]:
        return {}  # a rate changes training, not the network


@dataclass(frozen=True, slots=True)
class StochasticDepth(Op):
    """Drops the whole branch, per image ("row") or per batch, at `rate` in training (Huang et al. 2016)."""

    kind: ClassVar[str] = "stochastic_depth"
    view: ClassVar[bool] = True

    rate: float = 0.0
    mode: Literal["row", "batch"] = "row"

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise GraphError(f"{self.kind} rate={self.rate!r}: must be in [0, 1)")

    def canonical(self) -> dict[str, object]:
        return {}
