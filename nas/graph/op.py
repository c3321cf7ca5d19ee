"""What every op of the graph language answers: arity, output shapes, parameters, macs, activations.

A shape is that of ONE image, without the batch axis: `(channels, height, width)` for a map,
`(tokens, features)` for a sequence, `(features,)` for a vector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import ClassVar, Literal, TypeAlias

from nas.errors import GraphError

Shape: TypeAlias = tuple[int, ...]
Pair: TypeAlias = tuple[int, int]
Flow: TypeAlias = Literal["keeps", "makes", "joins", "concatenates", "splits", "mixes", "reshapes"]

LARGEST = 2**20  # bound on every count an op carries, so that a typo never allocates gigabytes


@dataclass(frozen=True, slots=True)
class Op:
    """One word of the graph language: a frozen value that knows its own arithmetic.

    `fewest` and `most` bound the number of inputs (`most` None: any number). For memory: `view` says that the
    outputs share the storage of input 0 at inference.
    """

    kind: ClassVar[str]
    fewest: ClassVar[int] = 1
    most: ClassVar[int | None] = 1
    view: ClassVar[bool] = False

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        """Shapes of the outputs; raises GraphError when the inputs do not fit."""
        return inputs[:1]

    @property
    def fresh(self) -> bool:
        """Whether the output is new storage which the backward pass of the op does not need."""
        return False

    @property
    def inplace(self) -> bool:
        """Whether the op can overwrite input 0, where shapes and readers allow it."""
        return False

    @property
    def flow(self) -> Flow:
        """What happens to the channel axis; scaling a graph reads it.

        An op keeps the channels of input 0, makes new ones, joins inputs of equal channels, concatenates or
        splits them (along the channel axis), mixes them (as many in another order), or reshapes: then nothing is
        known of them.
        """
        return "keeps"

    def resized(self, inputs: tuple[Shape, ...], channels: tuple[int, ...]) -> Op:
        """The op for inputs of other shapes; `channels` are the output's (a split's: one an output)."""
        return self

    @property
    def params(self) -> int:
        """Trainable parameters."""
        return 0

    def macs(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int | None:
        """Multiply-adds of one image; None when this op cannot count them."""
        return 0

    @property
    def results(self) -> int:
        """How many outputs the op has."""
        return 1

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        """Elements that the op holds while it runs, besides its inputs and outputs."""
        return 0

    def activations(self, outputs: tuple[Shape, ...]) -> int:
        """Output elements, for convolutions; 0 for everything else (pycls's definition)."""
        return 0

    def attributes(self) -> dict[str, object]:
        """The fields and their values, as a JSON document spells them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def canonical(self) -> dict[str, object]:
        """The attributes that make two ops the same computation (what a digest hashes)."""
        return self.attributes()

    def alike(self) -> dict[str, object]:
        """Those of them that do not follow from where in the network the op stands."""
        return self.canonical()


def channel_axis(shape: Shape) -> int:
    """Maps and vectors carry their channels first, sequences of tokens last."""
    return 1 if len(shape) == 2 else 0


def pair(value: int | Pair | list[int], what: str, least: int = 1) -> Pair:
    """`value` as (height, width), each between `least` and LARGEST."""
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2:
        raise GraphError(f"{what}={value!r}: give one number or (height, width)")
    return count(both[0], what, least), count(both[1], what, least)


def count(value: object, what: str, least: int = 1) -> int:
    """`value` when it is an integer between `least` and LARGEST; GraphError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise GraphError(f"{what}={value!r}: must be an integer from {least} to {LARGEST}")
    return value


def number(value: object, what: str, least: float = -math.inf, most: float = math.inf) -> None:
    """GraphError unless `value` is a finite number from `least` to `most`."""
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or not least <= value <= most:  # type: ignore[arg-type, operator]
        bounds = (
            ""
            if math.isinf(least)
            else f" of at least {least:g}"
            if math.isinf(most)
            else f" from {least:g} to {most:g}"
        )
        raise GraphError(f"{what}={value!r}: must be a finite number{bounds}")


def sizes(value: object, what: str) -> Shape:
    """`value` as a tuple of at least one size; GraphError otherwise."""
    if not isinstance(value, (tuple, list)) or not value:
        raise GraphError(f"{what}={value!r}: give a tuple of sizes, such as (channels, height, width)")
    return tuple(count(size, what) for size in value)


def image(shape: Shape, what: str) -> tuple[int, int, int]:
    """`shape` when it is a map (channels, height, width); GraphError otherwise."""
    if len(shape) != 3:
        raise GraphError(f"{what} takes a map (channels, height, width), got {shape}")
    return shape[0], shape[1], shape[2]


def expect(found: int, wanted: int, what: str) -> None:
    """GraphError unless the input has the `wanted` number of channels or features."""
    if found != wanted:
        raise GraphError(f"{what} expects {wanted} channels, its input has {found}")


def same(size: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """The size of an axis with the padding that TensorFlow's SAME adds to it."""
    return max(size, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1)


def window(size: int, kernel: int, stride: int, padding: int, dilation: int = 1, ceil: bool = False) -> int:
    """Output positions of a sliding window along one axis, as torch counts them."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    out = (-(-span // stride) if ceil else span // stride) + 1
    if ceil and (out - 1) * stride >= size + padding:
        out -= 1  # torch drops a window that starts in the right-hand padding
    if out < 1:
        raise GraphError(f"a window of {kernel} (stride {stride}) does not fit into {size} positions")
    return out
