"""Training results in the columns of Accel-NASBench's table: one row a network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.labels import read_labels
from nas.labels.layouts import ACCEL_VALUE
from nas.space import Genomes, SearchSpace


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
    found = read_labels(path, space, column=ACCEL_VALUE)
    return Rows(found.genomes, found.values, found.group)


def marks(genomes: Iterable[Genomes]) -> list[str]:
    """Eight hexadecimal digits for each genome: enough to recognise a row that a fit has seen, and no more."""
    return [hashlib.sha256(genome.astype(np.int8).tobytes()).hexdigest()[:8] for genome in genomes]


def split(group: NDArray[np.intp], parts: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """The part (0 … parts - 1) of every row; rows of one genome stay together."""
    return (rng.permutation(int(group.max()) + 1) % parts)[group]
