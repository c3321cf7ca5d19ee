"""What is known of a network without training it, as groups of features, coarse to fine.

With 10 to 20 labels a weight for every choice of a table cannot be learnt. One prior scale governs a group, and a
stage's own weight is a deviation from what all stages share, so that a few labels teach the coarse effects and many the
fine ones (partial pooling: Gelman & Hill 2006, Data Analysis Using Regression and Multilevel Models, §12):

    costs    logs of macs, params, activations and memory of the whole network
    totals   each column of the table, summed over the stages: how much squeeze-excite, how many blocks, …
    trends   the same, weighted by the place of the stage: rather early or rather late
    stages   each column of each stage
    proxies  zero-cost scores, where they are asked for (nas.calibration.zero_cost)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.space import Genomes, Space

Floats = NDArray[np.float64]
Proxies = Callable[[Genomes], dict[str, Floats]]

GROUPS = ("costs", "totals", "trends", "stages")


@dataclass(frozen=True)
class Column:
    """One column at one place of a table: its number for each choice of a slot (choices,)."""

    name: str  # "expand"; "block=fused_mbconv" for a column of names
    place: str  # "stage3"; "" for what the whole network has, such as its resolution
    slot: int
    values: Floats
    absent: NDArray[np.bool_]  # choices with which the place is left out


def columns(space: Space) -> list[Column]:
    """The columns that vary, slot by slot: numbers as logs (raw where one is 0), names as indicators."""
    found = []
    for slot, (label, choices) in enumerate(space.choices.items()):
        place, _, header = label.rpartition(".")
        names = header.split("+")
        rows = [choice if isinstance(choice, tuple) else (choice,) for choice in choices]
        gone = np.array([row[names.index("repeats")] == 0 if "repeats" in names else False for row in rows])
        for i, name in enumerate(names):
            cells = [row[i] for row in rows]
            if all(isinstance(cell, (int, float)) for cell in cells):
                numbers = np.array(cells, dtype=np.float64)
                meant = {name: np.log(numbers) if numbers.min() > 0 else numbers}
            else:
                texts = [str(cell) for cell in cells]
                meant = {f"{name}={text}": np.array([t == text for t in texts], float) for text in sorted(set(texts))}
            found += [Column(key, place, slot, v, gone) for key, v in meant.items() if np.ptp(v) > 0]
    return found


class FeatureMap:
    """Genomes of a space -> groups of features, in units that a pool of genomes sets.

    Within a group the units are common: a cost that hardly varies within the budgets can explain little there, and is
    not blown up to the size of the others.
    """

    def __init__(self, space: Space, pool: Genomes, proxies: Proxies | None = None) -> None:
        self.space, self.proxies = space, proxies
        self._columns = columns(space)
        self._gone = [c for c in self._columns if c.absent.any()]
        places = list(dict.fromkeys(c.place for c in self._columns))
        self._names = list(dict.fromkeys(c.name for c in self._columns))
        self._of = [[i for i, c in enumerate(self._columns) if c.name == name] for name in self._names]
        self._units = np.ones(len(self._columns))
        self._way = np.zeros(len(self._columns))
        cells = self._cells(pool)
        for members in self._of:
            self._units[members] = cells[:, members].std() or 1.0
            at = np.array([places.index(self._columns[i].place) for i in members], dtype=np.float64)
            self._way[members] = (at - at.mean()) / (at.std() or 1.0)
        raw = self._raw(pool)
        self.centre = {group: values.mean(axis=0) for group, values in raw.items()}
        self._scale = {group: float(np.sqrt((values.std(axis=0) ** 2).sum())) for group, values in raw.items()}
        self.groups = tuple(group for group, scale in self._scale.items() if scale > 1e-9)
        """Those that vary over the pool."""

    def __call__(self, genomes: Genomes) -> dict[str, Floats]:
        """Each group as an array (n, features): centred on the pool, where its squared length is 1 on average."""
        raw = self._raw(genomes)
        return {group: (raw[group] - self.centre[group]) / self._scale[group] for group in self.groups}

    def _cells(self, genomes: Genomes) -> Floats:
        """The columns of each network: (n, columns). What is left out counts as the least that may stand there."""
        cells = np.stack([c.values[genomes[:, c.slot]] for c in self._columns], axis=1)
        for left in self._gone:
            away = left.absent[genomes[:, left.slot]]
            for i, column in enumerate(self._columns):
                if column.place == left.place and column.name != "repeats":
                    cells[away, i] = column.values.min()
        return cells

    def _raw(self, genomes: Genomes) -> dict[str, Floats]:
        genomes = self.space.checked(genomes)
        cells = self._cells(genomes) / self._units
        costs = self.space.costs(genomes).values()
        groups = {
            "costs": np.stack([np.log(np.maximum(cost, 1).astype(np.float64)) for cost in costs], axis=1),
            "totals": np.stack([cells[:, members].sum(axis=1) for members in self._of], axis=1),
            "trends": np.stack([(cells * self._way)[:, members].sum(axis=1) for members in self._of], axis=1),
            "stages": cells,
        }
        if self.proxies is not None:
            groups["proxies"] = self._standard(self.proxies(genomes))
        return groups

    def _standard(self, scores: dict[str, Floats]) -> Floats:
        """Zero-cost scores have no common unit: each in standard deviations over the pool, its mean where it failed."""
        values = np.stack(list(scores.values()), axis=1)
        if not hasattr(self, "_proxy_units"):
            finite = np.where(np.isfinite(values), values, np.nan)
            seen = np.isfinite(finite).any(axis=0)
            finite[:, ~seen] = 0.0
            deviation = np.nanstd(finite, axis=0)
            self._proxy_units = np.nanmean(finite, axis=0), np.where(deviation > 0, deviation, np.inf)
        mean, deviation = self._proxy_units
        return np.asarray(np.where(np.isfinite(values), (values - mean) / deviation, 0.0))
