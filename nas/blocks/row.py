"""A row of an architecture's table: frozen, checked, bounded, and able to lower itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    from nas.blocks.recipe import Recipe
    from nas.graph import Value


def no_truth(value: Any) -> Any:
    """`value`, unless it is a truth value: `channels: yes` in YAML is no number."""
    if isinstance(value, bool):
        raise ValueError(f"a number is wanted, not {'yes or true' if value else 'no or false'}")
    return value


# Bounds that no published network comes near: they stop a typo before it allocates memory.
Channels: TypeAlias = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=2**16)]
Repeats: TypeAlias = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=1024)]
Kernel: TypeAlias = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=63)]
Stride: TypeAlias = Annotated[int, BeforeValidator(no_truth), Field(ge=1, le=8)]
Ratio: TypeAlias = Annotated[float, Field(gt=0, le=64, allow_inf_nan=False)]


class Row(BaseModel):
    """A frozen record that refuses unknown columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(Row):
    """`repeats` equal blocks, the first of which has the `stride` and changes the width to `channels`.

    Each kind of block is a subclass in a file of its own: its columns, and `lower`, its recipe.
    """

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

    def lower(self, build: Recipe, x: Value, stride: int) -> Value:
        """Add one block of this stage to the graph under construction and return its output."""
        raise NotImplementedError
