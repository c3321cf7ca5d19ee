"""Training results in the columns of Accel-NASBench's table: one row a network."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.errors import FileError
from nas.files import read_text
from nas.space import Genomes, SearchSpace
from nas.space.lint import slot_choices

COLUMNS = {"expand": "e", "kernel": "k", "repeats": "l", "se": "se"}
TARGET = "val_top1"
SPELLINGS = {"True": 0.25, "False": 0}  # squeeze-excite, as the table writes it


class Rows(NamedTuple):
    """Genomes (n, slots), percent top-1 (n,), and the number of the distinct genome that each row shows (n,)."""

    genomes: Genomes
    top1: NDArray[np.float64]
    group: NDArray[np.intp]

    def take(self, rows: NDArray[np.intp]) -> Rows:
        """Some of the rows."""
        return Rows(self.genomes[rows], self.top1[rows], self.group[rows])


def read_rows(path: str | Path, space: SearchSpace) -> Rows:
    """The rows of a CSV file with columns block0_e … block6_se and val_top1; raises FileError in one line."""
    table = csv.DictReader(io.StringIO(read_text(path)))
    choices = slot_choices(space)
    columns = [
        (f"block{int(stage.removeprefix('stage')) - 1}_{COLUMNS[name]}", choices[slot])
        for slot in space.slots
        for stage, _, name in [slot.partition(".")]
    ]
    missing = [name for name in (*(name for name, _ in columns), TARGET) if name not in (table.fieldnames or ())]
    if missing:
        raise FileError(f"{path}: no column {missing[0]!r}; expected block0_e … block6_se and {TARGET}")
    genomes, top1 = [], []
    for row in table:
        where = f"{path}, line {table.line_num}"
        genomes.append([_choice(row[name], values, f"{where}, {name}") for name, values in columns])
        top1.append(_number(row[TARGET], f"{where}, {TARGET}"))
        if not 0 < top1[-1] < 100:
            raise FileError(f"{where}, {TARGET}: {top1[-1]} is no percentage between 0 and 100")
    if not genomes:
        raise FileError(f"{path}: has no rows")
    if max(top1) <= 1:
        raise FileError(f"{path}: no {TARGET} is above 1; it wants percent (65.8), these look like fractions")
    array = np.array(genomes, dtype=np.int8)
    group = np.unique(array, axis=0, return_inverse=True)[1]
    return Rows(array, np.array(top1), group.reshape(-1).astype(np.intp))


def _choice(text: str, values: list[object], where: str) -> int:
    value = SPELLINGS[text] if text in SPELLINGS else _number(text, where)
    if value not in values:
        raise FileError(f"{where}: {text} is none of {', '.join(map(str, values))}: outside the predictor's domain")
    return values.index(value)


def _number(text: str | None, where: str) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise FileError(f"{where}: {text!r} is not a number") from None


def marks(genomes: Iterable[Genomes]) -> list[str]:
    """Eight hexadecimal digits for each genome: enough to recognise a row that a fit has seen, and no more."""
    return [hashlib.sha256(genome.astype(np.int8).tobytes()).hexdigest()[:8] for genome in genomes]


def split(group: NDArray[np.intp], parts: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """The part (0 … parts - 1) of every row; rows of one genome stay together."""
    return (rng.permutation(int(group.max()) + 1) % parts)[group]
