"""Bands of nearly equal macs: where a ranking is put to use, and where many a score turns around."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.errors import BudgetError

QUANTILES = (0.5, 0.3, 0.7, 0.1, 0.9)  # of the networks' macs, in the order in which bands are placed
FEWEST = 20  # networks of a band
WIDTH = 0.05  # half the width, as a share of the centre


@dataclass(frozen=True, eq=False)
class Band:
    """The networks (`rows`) whose macs lie in [`low`, `high`]."""

    low: int
    high: int
    rows: NDArray[np.intp]

    @property
    def center(self) -> int:
        """The middle of its macs."""
        return round((self.low + self.high) / 2)


def bands(macs: NDArray[np.int64], width: float = WIDTH, ranges: Sequence[tuple[int, int]] | None = None) -> list[Band]:
    """Bands of ± `width` that do not overlap, by rising macs; those of fewer than FEWEST networks are left out.

    They are centred at quantiles of the macs, the median first, so that they lie where the labels do; `ranges` of macs
    name them instead.
    """
    if ranges is None:
        centers = [float(center) for center in np.quantile(macs, QUANTILES)]
        ranges = [(round(center * (1 - width)), round(center * (1 + width))) for center in centers]
    placed: list[Band] = []
    for low, high in ranges:
        rows = np.flatnonzero((low <= macs) & (macs <= high))
        if len(rows) >= FEWEST and all(high < other.low or low > other.high for other in placed):
            placed.append(Band(low, high, rows))
    return sorted(placed, key=lambda band: band.low)


def width_of(text: str) -> float:
    """Half the width of a band from its text, "5%"; raises BudgetError for any other."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", text.strip())
    if match is None or not 0 < float(match[1]) < 100:
        raise BudgetError(f"band {text[:40]!r}: write a percentage between 0 and 100, such as 5%")
    return float(match[1]) / 100
