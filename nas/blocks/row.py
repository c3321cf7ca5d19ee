"""A row of an architecture's table: frozen, checked, bounded, and able to lower itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from nas.errors import unknown
from nas.graph import Op, Value
from nas.graph.ops import BatchNorm, Conv2d, GroupNorm, LayerNorm, StandardisedConv2d
from nas.graph.ops.pointwise import ACTIVATIONS

if TYPE_CHECKING:
    from nas.blocks.recipe import Recipe


def plain_number(value: Any) -> Any:
    """`value`, unless it is a truth value or text: `channels: yes` and `channels: "16"` in YAML are no numbers."""
    if isinstance(value, bool):
        raise ValueError(f"a number is wanted, not {'yes or true' if value else 'no or false'}")
    if isinstance(value, str):
        raise ValueError(f"a number is wanted, not the text {value[:40]!r}; write it without quotes, and 1000 for 1e3")
    return value


def _odd(kernel: int) -> int:
    """An even kernel padded by half of itself grows the map by one pixel, block after block.

    Then a stage's blocks would differ in size, and no cost table prices that.
    """
    if kernel % 2 == 0:
        raise ValueError(f"kernel {kernel} is even; kernels are odd (1, 3, 5, …): only the stride changes a map")
    return kernel


def _odd_or_none(kernel: int) -> int:
    return kernel and _odd(kernel)


def _known_function(name: str) -> str:
    """An activation's name; "" is the network's own."""
    if name and name not in ACTIVATIONS:
        raise ValueError(unknown("activation", name, ACTIVATIONS))
    return name


# Bounds that no published network comes near: they stop a typo before it allocates memory.
Channels: TypeAlias = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=2**16)]
Repeats: TypeAlias = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=1024)]
Kernel: TypeAlias = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=63), AfterValidator(_odd)]
OptionalKernel: TypeAlias = Annotated[  # 0: none
    int, BeforeValidator(plain_number), Field(ge=0, le=63), AfterValidator(_odd_or_none)
]
Stride: TypeAlias = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=8)]
Function: TypeAlias = Annotated[str, AfterValidator(_known_function)]
Ratio: TypeAlias = Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=64, allow_inf_nan=False)]


class Row(BaseModel):
    """A frozen record that refuses unknown columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _numbers(cls, value: Any, column: ValidationInfo) -> Any:
        """Every column of numbers refuses truth values and text, whatever its own type says."""
        assert column.field_name is not None
        return plain_number(value) if cls.model_fields[column.field_name].annotation in (int, float) else value


class Norm(Row):
    """Normalisation. `kind`: "batch", "layer" (over channels), "group" (of `groups` groups) or "none".

    `momentum` is batch norm's: torch's, the weight of the new batch.
    """

    kind: Literal["batch", "layer", "group", "none"] = "batch"
    eps: Annotated[float, Field(gt=0, le=1)] = 1e-5
    momentum: Annotated[float, Field(ge=0, le=1)] = 0.1
    groups: Annotated[int, Field(ge=1, le=2**16)] = 32

    def op(self, channels: int) -> Op | None:
        """The norm of so many channels."""
        match self.kind:
            case "batch":
                return BatchNorm(channels, self.eps, self.momentum)
            case "layer":
                return LayerNorm(channels, self.eps)
            case "group":
                return GroupNorm(channels, self.eps, self.groups)
            case "none":
                return None


class Convolution(Row):
    """Convolutions. `kind`: "plain", "standardised" (filters of mean 0 and variance 1) or "scaled" (filters of variance
    1 / fan-in, times a trainable gain each). `eps` is added to the variance of a filter's weights.
    """

    kind: Literal["plain", "standardised", "scaled"] = "plain"
    eps: Annotated[float, Field(gt=0)] = 1e-6

    def op(self, *fields: Any) -> Conv2d:
        """The convolution with those fields of Conv2d."""
        if self.kind == "plain":
            return Conv2d(*fields)
        return StandardisedConv2d(*(*fields, self.eps, self.kind == "scaled"))


class Stem(Row):
    """What stands before the first stage, ending in `channels`. Each kind is a subclass: its columns, its recipe."""

    widths: ClassVar[tuple[str, ...]] = ("channels",)  # the columns that a width multiplier scales

    stem: str
    channels: Channels

    @property
    def variant(self) -> str:
        """The name under which naming tables know this stem."""
        return "stem"

    def reduced(self, size: int) -> int:
        """The size of the map behind the stem of an image of `size` pixels."""
        raise NotImplementedError

    def lower(self, build: Recipe, x: Value) -> Value:
        """Add the stem to the graph under construction and return its output."""
        raise NotImplementedError


class Head(Row):
    """What stands behind the last stage, up to the classifier. Each kind is a subclass: its columns, its recipe."""

    widths: ClassVar[tuple[str, ...]] = ()

    head: str
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def lower(self, build: Recipe, x: Value, num_classes: int) -> Value:
        """Add the head to the graph under construction; `num_classes` 0 leaves out the classifier."""
        raise NotImplementedError


class Stage(Row):
    """`repeats` equal blocks, the first of which has the `stride` and changes the width to `channels`.

    Each kind of block is a subclass in a file of its own: its columns, and `lower`, its recipe. What stands before
    the first block (a downsampling layer) or behind the last (a norm) are `begin` and `end`.
    """

    widths: ClassVar[tuple[str, ...]] = ("channels",)  # the columns that a width multiplier scales
    uniform: ClassVar[bool] = True  # whether the blocks from the second on are equal, and end in `channels`

    block: str
    stride: Stride = 1
    channels: Channels
    repeats: Repeats = 1

    @property
    def variant(self) -> str:
        """The name under which naming tables know this block; most kinds have one."""
        return self.block

    def fitted(self, group_width: float = 1.0) -> Stage:
        """The row made valid after a change of its width, its group width × `group_width` where it has one."""
        return self

    def reduced(self, size: int) -> int:
        """The size of the map behind the stage: kernels are odd and padded by half, so only strides change it."""
        return -(-size // self.stride)

    def begin(self, build: Recipe, x: Value) -> Value:
        """Add what stands before the first block."""
        return x

    def end(self, build: Recipe, x: Value) -> Value:
        """Add what stands behind the last block."""
        return x

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        """Add one block of this stage to the graph under construction and return its output."""
        raise NotImplementedError
