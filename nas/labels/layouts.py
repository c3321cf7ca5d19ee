"""How tables of results spell networks: which column holds a slot's choice, and which one the result."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nas.errors import FileError, unknown
from nas.space import Space

VALUE = "value"
ACCEL_COLUMNS = {"expand": "e", "kernel": "k", "repeats": "l", "se": "se"}
ACCEL_VALUE = "val_top1"
ACCEL_SPELLINGS = {"True": 0.25, "False": 0}  # squeeze-excite, as the table writes it
SLOT = re.compile(r"(stage|normal|reduction)\d+\.")  # the columns of our own tables
BLOCK = re.compile(r"block\d+_(e|k|l|se)")  # those of Accel-NASBench's


@dataclass(frozen=True)
class Layout:
    """The columns of a table: one for each slot of the space, and the one that holds the results by default.

    `spellings` are texts that stand for choices besides the choices' own spelling; `percent` says that the default
    result is a percentage.
    """

    columns: tuple[str, ...]
    choices: tuple[tuple[object, ...], ...]
    value: str = VALUE
    spellings: Mapping[str, object] = field(default_factory=dict)
    percent: bool = False

    @cached_property
    def _numbers(self) -> list[dict[Any, int]]:
        """For each slot the number of a choice by its spellings."""
        return [{s: n for n, choice in enumerate(row) for s in _spellings(choice)} for row in self.choices]

    def genome(self, row: Mapping[str, Any], where: str) -> list[int]:
        """The choices of a row; raises FileError for one that the space does not have."""
        slots = zip(self.columns, self._numbers, strict=True)
        return [self._choice(slot, row.get(name), numbers, where) for slot, (name, numbers) in enumerate(slots)]

    def _choice(self, slot: int, cell: Any, numbers: Mapping[Any, int], where: str) -> int:
        found = numbers.get(self.spellings.get(cell, cell)) if isinstance(cell, str) else None
        if found is None:
            found = next((numbers[key] for key in _readings(cell) if key in numbers), None)
        if found is None:
            shown = ", ".join(map(str, self.choices[slot][:12]))
            raise FileError(f"{where}, {self.columns[slot]}: {_brief(cell)} is none of {shown}")
        return found


def layout_of(header: Collection[str], space: Space, path: str) -> Layout:
    """The layout of a table with these columns; raises FileError where they are not those of the space."""
    choices = tuple(tuple(values) for values in space.choices.values())
    names = tuple(space.slots)
    if any(BLOCK.fullmatch(name) for name in header):
        layout = _accel(names, choices, path)
    else:
        layout = Layout(names, choices)
        if strange := [name for name in header if SLOT.match(name) and name not in names]:
            raise FileError(f"{path}: not of space {space.name}: {unknown('slot', strange[0], names)}")
    missing = [name for name in layout.columns if name not in header]
    if missing:
        raise FileError(f"{path}: not a table of space {space.name}: {unknown('column', missing[0], header)}")
    return layout


def _accel(names: tuple[str, ...], choices: tuple[tuple[object, ...], ...], path: str) -> Layout:
    """The columns block0_e … block6_se of Accel-NASBench, for stages of the same four slots."""
    columns = []
    for slot in names:
        stage, _, name = slot.partition(".")
        if name not in ACCEL_COLUMNS:
            raise FileError(f"{path}: a table of Accel-NASBench (space efficientnet), which has no slot {slot!r}")
        columns.append(f"block{int(stage.removeprefix('stage')) - 1}_{ACCEL_COLUMNS[name]}")
    return Layout(tuple(columns), choices, ACCEL_VALUE, ACCEL_SPELLINGS, percent=True)


def _spellings(choice: object) -> list[object]:
    """How a table may write a choice: its own text, a number, and for several cells ("block+kernel") a+b."""
    if isinstance(choice, (tuple, list)):
        return [str(tuple(choice)), tuple(choice), "+".join(map(str, choice))]
    return [str(choice), *([] if isinstance(choice, (str, bool)) else [choice])]


def _readings(cell: Any) -> list[Any]:
    """What a cell may mean: itself, or the number that its text is."""
    if isinstance(cell, bool) or cell is None:
        return [str(cell)]
    if isinstance(cell, list):
        return [tuple(cell)] if all(isinstance(part, (str, int, float)) for part in cell) else []
    if not isinstance(cell, str):
        return [cell] if isinstance(cell, (int, float)) else []
    try:
        return [cell.strip(), float(cell)]
    except ValueError:
        return [cell.strip()]


def _brief(cell: Any) -> str:
    return "nothing" if cell is None or cell == "" else f"{str(cell)[:40]}"
