"""Ranking what was evaluated: ties, the winner among them, and the front of score against price.

The price of a network is its macs, or its latency where a device's table tells one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from nas.evaluators.score import CONCESSION, Score


class Evaluated(Protocol):
    """A network with its price and, unless the evaluator failed, its score."""

    @property
    def score(self) -> Score | None:
        """What it is worth."""
        ...

    @property
    def price(self) -> int:
        """What it costs: macs, or ns."""
        ...


Network = TypeVar("Network", bound=Evaluated)


def value(one: Evaluated) -> float:
    """The score's value; the network must have one."""
    assert one.score is not None
    return one.score.value


def ranked(networks: Iterable[Network]) -> list[Network]:
    """Those with a score, highest first, of equals the cheaper one."""
    return sorted((one for one in networks if one.score is not None), key=lambda one: (-value(one), one.price))


def tied(order: Sequence[Network]) -> list[Network]:
    """Of ranked networks those whose intervals cannot tell them from the first, in order."""
    top = order[0].score if order else None
    return [one for one in order if top and one.score and one.score.ties(top)]


def concession(order: Sequence[Evaluated]) -> float:
    """How much score the winner gives up, at most, for a lower price."""
    top = order[0].score if order else None
    return CONCESSION * top.half_width if top else 0.0


def winner(order: Sequence[Network]) -> Network | None:
    """Of ranked networks the cheapest among the ties within the concession of the highest score."""
    near = [one for one in tied(order) if value(one) >= value(order[0]) - concession(order)]
    return min(near, key=lambda one: (one.price, -value(one)), default=None)


def front(networks: Sequence[Network], axes: NDArray[np.float64] | None = None) -> list[Network]:
    """The scored networks that no other beats in score and price, cheapest first.

    `axes` (networks, objectives) gives other objectives, all to be made small.
    """
    if axes is None:
        axes = np.array([(-value(one), float(one.price)) for one in networks]).reshape(len(networks), 2)
    return sorted((networks[i] for i in nondominated(axes)), key=lambda one: one.price)


def nondominated(points: Sequence[Sequence[float]] | NDArray[Any]) -> list[int]:
    """Rows that no other row is at least as small as in every column and smaller in one."""
    if not len(points):
        return []
    array = np.asarray(points, dtype=np.float64)
    kept: list[int] = []
    for i in np.lexsort(array.T[::-1]):
        if not kept or not (array[kept] <= array[i]).all(axis=1).any():
            kept.append(int(i))
    return kept
