"""Reading tables of results: NAS-Bench-Macro's JSON, Accel-NASBench's CSV, and anyone's own CSV or JSON."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nas.errors import FileError, unknown
from nas.files import parse_any_json, read_text
from nas.labels.layouts import layout_of
from nas.labels.measured import Labels
from nas.space import Space

CODES = "test_acc"  # of a code in NAS-Bench-Macro: the accuracy of each seed, in percent


class Row(NamedTuple):
    """A row of a table: its cells by column, and where it stands."""

    cells: Mapping[str, Any]
    where: str


class Sheet(NamedTuple):
    """A table: its columns, and its rows."""

    columns: list[str]
    rows: list[Row]


class Found(NamedTuple):
    """Choices and runs of each row, and the column that the runs stand in."""

    genomes: list[list[int]]
    runs: list[list[float]]
    column: str


def read_labels(path: str | Path, space: Space, *, column: str | None = None) -> Labels:
    """The labels of a file for networks of `space`; raises FileError in one line.

    A table, as CSV or as a JSON list of objects, has a column for each slot of the space, with the choices as the
    space's table spells them (several cells of one slot as inverted_residual+3+3), and the result in `column`
    (default "value"; larger is better). Further runs of the same networks stand in columns `column`_2, `column`_3 …;
    there a cell may be empty. Accel-NASBench's CSV is known by its columns block0_e … (default val_top1).
    A JSON object of codes, a digit a slot, is NAS-Bench-Macro's (default test_acc, a list of runs).
    """
    text, where = read_text(path).removeprefix("\ufeff"), str(path)
    if text.lstrip()[:1] in ("{", "["):
        value = parse_any_json(text, where)
        found = (
            _codes(value, space, column, where)
            if isinstance(value, dict)
            else _table(_objects(value, where), space, column, where)
        )
    else:
        found = _table(_lines(text, where), space, column, where)
    most = max(map(len, found.runs))
    runs = np.array([[*row, *[math.nan] * (most - len(row))] for row in found.runs])
    genomes = space.codes(space.checked(np.array(found.genomes, dtype=np.int8)))
    hashed = hashlib.sha256(f"{found.column}\n{text}".encode()).hexdigest()[:16]
    return Labels(space, space.genomes(space.canonical(genomes)), runs, where, found.column, hashed)


# -- tables of slots --------------------------------------------------------------------------------------


def _lines(text: str, where: str) -> Sheet:
    """The table of a CSV file."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = []
    try:
        header = next(reader, [])
        twice = [name for name, count in Counter(header).items() if count > 1]
        if twice:
            raise FileError(f"{where}: column {twice[0]!r} stands twice")
        for cells in reader:
            place = f"{where}, line {reader.line_num}"
            if len(cells) not in (0, len(header)):
                raise FileError(f"{place}: {len(cells)} cells where the header has {len(header)}")
            if cells:
                rows.append(Row(dict(zip(header, cells, strict=True)), place))
    except csv.Error as error:
        raise FileError(f"{where}, line {reader.line_num}: not CSV ({error})") from None
    return Sheet(header, rows)


def _objects(value: list[Any], where: str) -> Sheet:
    """The table of a JSON list of objects."""
    rows = []
    for number, row in enumerate(value, start=1):
        if not isinstance(row, dict):
            raise FileError(f"{where}, row {number}: expected an object, found a {type(row).__name__}")
        rows.append(Row(row, f"{where}, row {number}"))
    return Sheet(list(dict.fromkeys(name for row in rows for name in row.cells)), rows)


def _table(sheet: Sheet, space: Space, column: str | None, where: str) -> Found:
    if not sheet.columns:
        raise FileError(f"{where}: has no rows")
    layout = layout_of(sheet.columns, space, where)
    column = layout.value if column is None else column
    if column not in sheet.columns:
        raise FileError(f"{where}: {unknown('column', column, sheet.columns)}; name that of the results: column=NAME")
    if not sheet.rows:
        raise FileError(f"{where}: has no rows")
    again = [name for name in sheet.columns if re.fullmatch(rf"{re.escape(column)}_\d+", name)]
    genomes, runs = [], []
    for row in sheet.rows:
        _check_resolution(row, space)
        genomes.append(layout.genome(row.cells, row.where))
        more = [_runs(row.cells[name], f"{row.where}, {name}") for name in again if _filled(row.cells.get(name))]
        runs.append(sum(more, _runs(row.cells.get(column), f"{row.where}, {column}")))
    if layout.percent and column == layout.value:
        _check_percent(runs, sheet.rows, column, where)
    return Found(genomes, runs, column)


def _check_resolution(row: Row, space: Space) -> None:
    """FileError where a table tells a resolution that the networks of the space do not have."""
    size = row.cells.get("resolution")
    if size is not None and "resolution" not in space.slots and str(size) != str(space.reference.resolution):
        known = f"space {space.name} has {space.reference.resolution}"
        raise FileError(f"{row.where}, resolution: {str(size)[:20]!r}, and {known}")


def _check_percent(runs: list[list[float]], rows: list[Row], column: str, where: str) -> None:
    for row, found in zip(rows, runs, strict=True):
        if not 0 < found[0] < 100:
            raise FileError(f"{row.where}, {column}: {found[0]:g} is no percentage between 0 and 100")
    if max(found[0] for found in runs) <= 1:
        raise FileError(f"{where}: no {column} is above 1; it wants percent (65.8), these look like fractions")


# -- codes -------------------------------------------------------------------------------------------------


def _codes(value: dict[str, Any], space: Space, column: str | None, where: str) -> Found:
    """Choices and runs of each code of a JSON object, and what the runs are of."""
    column = CODES if column is None else column
    sizes = list(space.slots.values())
    genomes, runs = [], []
    for code, record in value.items():
        place = f"{where}, {code[:40]!r}"
        if not re.fullmatch(r"[0-9]+", code):
            raise FileError(f"{place}: neither a list of rows nor an object whose keys are codes, a digit a slot")
        if len(code) != len(sizes) or any(int(digit) >= size for digit, size in zip(code, sizes, strict=True)):
            largest = "".join(str(min(size, 10) - 1) for size in sizes)
            raise FileError(f"{place}: not a code of space {space.name}; its last one is {largest}")
        if isinstance(record, dict) and column not in record:
            raise FileError(f"{place}: {unknown('column', column, record)}; name that of the results: column=NAME")
        genomes.append([int(digit) for digit in code])
        runs.append(_runs(record[column] if isinstance(record, dict) else record, f"{place}, {column}"))
    if not genomes:
        raise FileError(f"{where}: has no rows")
    return Found(genomes, runs, column)


# -- numbers -----------------------------------------------------------------------------------------------


def _runs(cell: Any, where: str) -> list[float]:
    """The results of a cell: a number, or in JSON a list of them."""
    runs = [_number(part, where) for part in cell] if isinstance(cell, list) else [_number(cell, where)]
    if not runs:
        raise FileError(f"{where}: an empty list has no result")
    return runs


def _filled(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _number(cell: Any, where: str) -> float:
    """A finite number from text or JSON."""
    try:
        if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
            raise ValueError
        number = float(cell)
    except (ValueError, OverflowError):
        raise FileError(f"{where}: {str(cell)[:40]!r} is not a number") from None
    if not math.isfinite(number):
        raise FileError(f"{where}: {number} is no finite number; leave the row out")
    return number
