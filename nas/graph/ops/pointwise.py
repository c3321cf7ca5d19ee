"""Ops that keep the shape of their input: activations, and the noise of training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from nas.errors import GraphError, unknown
from nas.graph.op import Op, Shape, count, image, number

# Two values of one function name never differ, so the torch twin is a table from these names.
ACTIVATIONS = ("gelu", "hardsigmoid", "hardswish", "relu", "relu6", "sigmoid", "silu", "tanh")
OUT_OF_PLACE = ("gelu", "sigmoid", "tanh")  # torch.nn has no in-place form of these
NEW_STORAGE = ("gelu",)  # ... and the backward pass of these needs the input alone

# The factor behind which a nonlinearity of normal inputs has variance 1: google-deepmind/deepmind-research,
# nfnets/base.py, `nonlinearities`.
GAINS = {
    "gelu": 1.7015043497085571,
    "relu": 1.7139588594436646,
    "relu6": 1.7131484746932983,
    "sigmoid": 4.803835391998291,
    "silu": 1.7881293296813965,
}


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An element-wise nonlinearity, one of ACTIVATIONS."""

    kind: ClassVar[str] = "activation"

    function: str

    def __post_init__(self) -> None:
        if self.function not in ACTIVATIONS:
            raise GraphError(unknown("activation", self.function, ACTIVATIONS))

    @property
    def fresh(self) -> bool:
        return self.function in NEW_STORAGE

    @property
    def inplace(self) -> bool:
        return self.function not in OUT_OF_PLACE


@dataclass(frozen=True, slots=True)
class Factor(Op):
    """What ops share that multiply every element by one number."""

    @property
    def factor(self) -> float:
        """The number."""
        raise NotImplementedError

    @property
    def fresh(self) -> bool:
        return True

    @property
    def inplace(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Scale(Factor):
    """Every element times the number `by`."""

    kind: ClassVar[str] = "scale"

    by: float

    def __post_init__(self) -> None:
        number(self.by, "by")

    @property
    def factor(self) -> float:
        return self.by


@dataclass(frozen=True, slots=True)
class UnitVariance(Factor):
    """A map over the standard deviation that residual blocks without norms gave it: x / √(1 + `blocks` · `growth`).

    `blocks` counts those since the variance was 1; each has added `growth` (Brock et al. 2021, arXiv:2101.08692, §3).
    """

    kind: ClassVar[str] = "unit_variance"

    blocks: int
    growth: float

    def __post_init__(self) -> None:
        count(self.blocks, "blocks", 0)
        number(self.growth, "growth", 0)

    @property
    def factor(self) -> float:
        return float((1 + self.blocks * self.growth) ** -0.5)

    def alike(self) -> dict[str, object]:
        return {"growth": self.growth}


@dataclass(frozen=True, slots=True)
class RadixSoftmax(Op):
    """Softmax across the gates of `radix` maps, channel by channel (Zhang et al. 2020, arXiv:2004.08955, eq. 3).

    The channels are laid out [cardinality, radix, width] before and [radix, cardinality, width] behind it, so that the
    output splits into the gates of each map; with one cardinal group nothing moves.
    """

    kind: ClassVar[str] = "radix_softmax"

    radix: int
    cardinality: int = 1

    def __post_init__(self) -> None:
        count(self.radix, "radix")
        count(self.cardinality, "cardinality")

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        channels = image(inputs[0], self.kind)[0]
        if channels % (self.radix * self.cardinality):
            raise GraphError(
                f"{self.kind} radix={self.radix}, cardinality={self.cardinality}: must divide {channels} channels"
            )
        return inputs


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
    """Drops the whole branch, per image ("row") or per batch, at `rate` in training (Huang et al. 2016).

    `at` says how the rates of a network grow with depth: to a rate that the "last" block has, or the "end" behind it.
    """

    kind: ClassVar[str] = "stochastic_depth"
    view: ClassVar[bool] = True

    rate: float = 0.0
    mode: Literal["row", "batch"] = "row"
    at: Literal["end", "last"] = "end"

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise GraphError(f"{self.kind} rate={self.rate!r}: must be in [0, 1)")

    def steps(self, blocks: int) -> int:
        """The steps in which the rates of so many blocks grow."""
        return blocks if self.at == "end" else max(1, blocks - 1)

    def growing(self, rate: float, block: int, blocks: int) -> StochasticDepth:
        """That of block number `block` (from 0) of so many, whose rates grow linearly towards `rate`."""
        return replace(self, rate=rate * block / self.steps(blocks))

    def canonical(self) -> dict[str, object]:
        return {}
