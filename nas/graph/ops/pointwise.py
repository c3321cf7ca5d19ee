"""Ops that keep the shape of their input: activations, and the noise of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from nas.errors import GraphError, unknown
from nas.graph.op import Op

# Two values of one function name never differ, so the torch twin is a table from these names.
ACTIVATIONS = ("gelu", "hardsigmoid", "hardswish", "relu", "relu6", "sigmoid", "silu")
NEW_STORAGE = ("gelu",)  # torch has no in-place form of these


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An element-wise nonlinearity, one of ACTIVATIONS."""

    kind: ClassVar[str] = "activation"

    function: str

    def __post_init__(self) -> None:
        if self.function not in ACTIVATIONS:
            raise GraphError(unknown("activation", self.function, ACTIVATIONS))

    @property
    def inplace(self) -> bool:
        return self.function not in NEW_STORAGE


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
