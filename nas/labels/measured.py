"""Labels of networks as arrays: which network, what its runs came to, and how far runs of one network differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.errors import FileError
from nas.lowering import Description
from nas.space import Genomes, Space

Floats = NDArray[np.float64]

FEWEST = 10  # networks, for a ranking to be judged: at 10, chance alone exceeds a Spearman of .56 one time in ten


class Spread(NamedTuple):
    """Standard deviation of runs of one network around their mean, and the degrees of freedom that it comes from."""

    sd: float
    freedom: int


@dataclass(frozen=True, eq=False)
class Labels:
    """Results for genomes of `space`: canonical genomes (n, slots), and runs (n, most runs of a row), larger is better.

    A run that was not made is NaN; every row has one at least. Rows of one `group` (n,) are one network, under
    several spellings or trained several times. `column` is what was measured, `source` the file, `fingerprint` its
    hash with the column.
    """

    space: Space
    genomes: Genomes
    runs: Floats
    source: str = ""
    column: str = "value"
    fingerprint: str = ""

    def __len__(self) -> int:
        return len(self.genomes)

    @cached_property
    def values(self) -> Floats:
        """The mean of each row's runs: (n,)."""
        return np.asarray(np.nanmean(self.runs, axis=1))

    @cached_property
    def group(self) -> NDArray[np.intp]:
        """The number of the distinct network that each row shows: (n,). What is split or redrawn is groups."""
        return np.unique(self.genomes, axis=0, return_inverse=True)[1].reshape(-1).astype(np.intp)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Labels:
        """Some of the rows."""
        return replace(self, genomes=self.genomes[rows], runs=self.runs[rows])

    @cached_property
    def networks(self) -> Labels:
        """One row a network, in the order of `group`: the runs of all its rows.

        Rows that repeat a network's runs to the last digit are copies of one measurement and count once.
        """
        order = np.argsort(self.group, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(self.group[order])) + 1)
        pooled = [np.concatenate(list({row.tobytes(): row for row in self.runs[part]}.values())) for part in parts]
        made = [runs[~np.isnan(runs)] for runs in pooled]
        runs = np.full((len(made), max(map(len, made), default=1)), np.nan)
        for row, found in zip(runs, made, strict=True):
            row[: len(found)] = found
        return replace(self, genomes=self.genomes[[part[0] for part in parts]], runs=runs)

    @property
    def counts(self) -> NDArray[np.intp]:
        """How many runs each row has: (n,)."""
        return np.asarray((~np.isnan(self.runs)).sum(axis=1), dtype=np.intp)

    @cached_property
    def spread(self) -> Spread | None:
        """How far runs of one network differ, pooled over networks; None where no network has two runs."""
        whole = self.networks
        freedom = int((whole.counts - 1).sum())
        if not freedom:
            return None
        return Spread(float(np.sqrt(np.nansum((whole.runs - whole.values[:, None]) ** 2) / freedom)), freedom)

    def architecture(self, row: int) -> Description:
        """The network of a row."""
        return self.space.decode(self.genomes[row])

    def digest(self, row: int) -> str:
        """The digest of a row's graph, which is built for it (about a millisecond)."""
        return self.space.graph(self.genomes[row]).digest()

    def rankable(self, fewest: int = FEWEST) -> Labels:
        """One row a network, where there is something to rank; FileError for too few networks or equal labels."""
        whole = self.networks
        if len(whole) < fewest:
            raise FileError(
                f"{self.source}: labels of {len(whole)} distinct networks; below {fewest} no ranking can be told "
                "from chance, give more"
            )
        if np.ptp(whole.values) == 0:
            raise FileError(
                f"{self.source}: {self.column} is {whole.values[0]:g} for all {len(whole)} networks; there is nothing "
                "to rank"
            )
        return whole
