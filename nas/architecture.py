"""An architecture: the table of a paper as a frozen value."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import Field, SerializeAsAny, ValidationError, field_validator, model_validator

from nas.blocks import Head, PoolHead, Stage, Stem, head, stage, stem
from nas.blocks.recipe import Habits
from nas.blocks.row import Convolution, Norm, Row
from nas.errors import ArchitectureError, unknown
from nas.graph.ops.pointwise import ACTIVATIONS, GAINS
from nas.graph.starts import known_start
from nas.naming import naming_table
from nas.rounding import rounding_rule

MOST_BLOCKS = 4096


class Architecture(Row):
    """Stem, stages and head, and the habits they share. `resolution` is the canonical image size in pixels.

    With `activation_gain` activations keep the variance of normal inputs (NFNets).
    `taps` says which map of each size a feature extractor takes, the "last" or the "first" that a stage ends with.
    `rounding`, `naming` and `init` name the family's rules for scaling, node names and initial weights;
    `drop_path` is the stochastic-depth rate towards which the blocks' rates grow linearly from 0: that of the "last"
    block, or of the "end" behind it, as EfficientNet counts.
    """

    resolution: Annotated[int, Field(ge=1, le=2**13)]
    stem: SerializeAsAny[Stem]
    stages: Annotated[tuple[SerializeAsAny[Stage], ...], Field(min_length=1, max_length=256)]
    head: SerializeAsAny[Head] = PoolHead()
    activation: str = "relu"
    activation_gain: bool = False
    norm: Norm = Norm()
    convolution: Convolution = Convolution()
    padding: Literal["symmetric", "same"] = "symmetric"
    drop_path: Annotated[float, Field(ge=0, lt=1)] = 0.0
    drop_path_at: Literal["end", "last"] = "end"
    taps: Literal["last", "first"] = "last"
    rounding: str = "multiple_of_8"
    naming: str = "plain"
    init: str = "default"

    @field_validator("stages", mode="before")
    @classmethod
    def _typed_stages(cls, rows: Any) -> Any:
        return tuple(stage(row) for row in rows) if isinstance(rows, (list, tuple)) else rows

    @field_validator("stem", "head", mode="before")
    @classmethod
    def _typed_end(cls, row: Any, info: Any) -> Any:
        return {"stem": stem, "head": head}[info.field_name](row)

    @field_validator("stages")
    @classmethod
    def _bounded(cls, rows: tuple[Stage, ...]) -> tuple[Stage, ...]:
        if sum(row.repeats for row in rows) > MOST_BLOCKS:
            raise ArchitectureError(f"more than {MOST_BLOCKS} blocks in all")
        return rows

    @field_validator("activation")
    @classmethod
    def _known_activation(cls, name: str) -> str:
        if name not in ACTIVATIONS:
            raise ArchitectureError(unknown("activation", name, ACTIVATIONS))
        return name

    @field_validator("rounding", "naming", "init")
    @classmethod
    def _known_rule(cls, name: str, info: Any) -> str:
        {"rounding": rounding_rule, "naming": naming_table, "init": known_start}[info.field_name](name)
        return name

    @model_validator(mode="after")
    def _known_gain(self) -> Architecture:
        if self.activation_gain and self.activation not in GAINS:
            raise ArchitectureError(unknown("activation with a known gain", self.activation, GAINS))
        return self

    @property
    def habits(self) -> Habits:
        """What its recipes share."""
        return Habits(**{habit.name: getattr(self, habit.name) for habit in fields(Habits)})

    @classmethod
    def read(cls, value: Any) -> Architecture:
        """An architecture from plain data (parsed JSON); raises ArchitectureError in one line."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise ArchitectureError(one_line(error, "architecture")) from None


def one_line(error: ValidationError, what: str) -> str:
    """The first complaint of Pydantic, as one line with its place."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    return f"{what}{'.' if place else ''}{place}: {message}{more}"
