"""A stage with choices in its cells."""

from __future__ import annotations

from functools import cached_property
from itertools import product
from math import prod
from typing import Any

from pydantic import ConfigDict, RootModel, ValidationError, field_validator

from nas.blocks import BLOCKS, Stage, columns, stage
from nas.errors import SpaceError
from nas.rounding import rounding_rule

MOST_OPTIONS = 20_000  # a stage; the widest published one has a few hundred
MOST_CHOICES = 100  # a cell; a genome is int8


class StageChoices(RootModel[dict[str, tuple[Any, ...]]]):
    """A row of an architecture's table whose cells hold tuples of choices; a cell of one choice is fixed.

    A column header of several names ("expand+kernel") holds choices of tuples, for cells that vary
    together. `repeats` 0 leaves the stage out. A column that a chosen block kind lacks is ignored for it,
    so long as another kind of the same row has it.
    """

    model_config = ConfigDict(frozen=True)

    @field_validator("root", mode="before")
    @classmethod
    def _cells(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise SpaceError(f"a stage is a mapping from columns to choices, not {type(value).__name__}")
        cells = {str(names): tuple(v) if isinstance(v, (list, tuple)) else (v,) for names, v in value.items()}
        cells = {names: tuple(tuple(c) if isinstance(c, list) else c for c in cell) for names, cell in cells.items()}
        for names, cell in cells.items():
            for single in (part for choice in cell for part in (choice if isinstance(choice, tuple) else (choice,))):
                if isinstance(single, bool) or not isinstance(single, (str, int, float)):
                    told = {True: "yes or true", False: "no or false"}.get(single) if isinstance(single, bool) else None
                    raise SpaceError(f"{names}: a choice is a number or a name, not {told or type(single).__name__}")
                if isinstance(single, int) and abs(single) >= 2**63:
                    raise SpaceError(f"{names}: a number is out of bounds")
        return cells

    @field_validator("root")
    @classmethod
    def _bounded(cls, cells: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        size = 1
        named = [column for names in cells for column in names.split("+")]
        if twice := {column for column in named if named.count(column) > 1}:
            raise SpaceError(f"column {min(twice)!r} stands twice")
        for names, cell in cells.items():
            size *= len(cell)
            if not 1 <= len(cell) <= MOST_CHOICES or size > MOST_OPTIONS:
                raise SpaceError(f"{names}: a cell has 1 to {MOST_CHOICES} choices, a stage at most {MOST_OPTIONS:,}")
            if len({repr(choice) for choice in cell}) < len(cell):
                raise SpaceError(f"{names}: a choice stands twice in {list(cell)}")
            width = len(names.split("+"))
            if width == 1 and any(isinstance(c, tuple) for c in cell):
                raise SpaceError(f"{names}: a choice of one column is one value, not a list")
            if width > 1 and any(not isinstance(c, tuple) or len(c) != width for c in cell):
                raise SpaceError(f"{names}: each choice of these {width} columns is a list of {width} values")
        return cells

    @property
    def slots(self) -> dict[str, int]:
        """The cells that vary and their number of choices, in table order."""
        return {names: len(cell) for names, cell in self.root.items() if len(cell) > 1}

    @property
    def combinations(self) -> int:
        """How many rows there are, spelled in all ways."""
        return prod(len(cell) for cell in self.root.values())

    @cached_property
    def rows(self) -> tuple[Stage | None, ...]:
        """Every combination of choices as a stage (None: left out), the last slot varying fastest."""
        known = {column for kind in self._kinds() if kind in BLOCKS for column in BLOCKS[kind].model_fields}
        return tuple(self._row(choice, known) for choice in product(*self.root.values()))

    def _kinds(self) -> set[str]:
        for names, cell in self.root.items():
            if "block" in names.split("+"):
                at = names.split("+").index("block")
                return {choice[at] if isinstance(choice, tuple) else choice for choice in cell}
        raise SpaceError("a stage needs a column 'block'")

    def _row(self, choice: tuple[Any, ...], known: set[str]) -> Stage | None:
        row: dict[str, Any] = {}
        for names, value in zip(self.root, choice, strict=True):
            row.update(zip(names.split("+"), value if isinstance(value, tuple) else (value,), strict=True))
        if row.get("repeats", 1) == 0:
            return None
        own = BLOCKS[row["block"]].model_fields if row["block"] in BLOCKS else known
        try:
            found = stage({c: v for c, v in row.items() if c in own or c not in known})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            message = first["msg"].removeprefix("Value error, ")
            raise SpaceError(f"block {row['block']!r}: {place}: {message}") from None
        if not found.uniform:
            raise SpaceError(
                f"block {row['block']!r}: the blocks of a stage differ in width, which no cost table prices"
            )
        return found


def choices(header: str, *rows: tuple[Any, ...]) -> tuple[StageChoices, ...]:
    """A table of stages with choices, written as an architecture's table."""
    return tuple(StageChoices(row) for row in columns(header, *rows))


def widths(channels: int, factors: tuple[float, ...], rounding: str) -> tuple[int, ...]:
    """The distinct widths of `channels` × each factor under a named rounding rule, in the order of the factors."""
    rule = rounding_rule(rounding)
    return tuple(dict.fromkeys(rule.channels(channels * factor) for factor in factors))
