"""How many architectures fit: exactly where that can be counted, else an estimate with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nas.budget import Budget
from nas.space.chain import ADDITIVE, Link
from nas.space.feasible import ROUND, Codes, Feasible, reach

if TYPE_CHECKING:
    from nas.space.coding import Space

MOST_LISTED = 2_000_000  # architectures written out one by one
MOST_SUMS = 4_000_000  # distinct sums of one half of the chain
DRAWS = 4 * ROUND  # of an estimate


class Count(int):
    """A number of architectures; when it is an estimate, the truth lies in [`low`, `high`] with 95 % confidence."""

    low: int
    high: int

    def __new__(cls, value: int, low: int | None = None, high: int | None = None) -> Count:
        count = super().__new__(cls, value)
        count.low, count.high = value if low is None else low, value if high is None else high
        return count

    @property
    def exact(self) -> bool:
        """Whether every architecture was counted."""
        return self.low == self.high


def count(space: Space, budgets: Sequence[Budget]) -> Count:
    """Distinct architectures of `space` within all `budgets`; 0 when there is none."""
    if not budgets:
        return Count(space.size)
    space = space.within(budgets)
    reaches = [reach(space, budget.metric) for budget in budgets]
    for budget, (low, high) in zip(budgets, reaches, strict=True):
        if budget.high < low or budget.low > high:
            return Count(0)
    if all(budget.low <= low and high <= budget.high for budget, (low, high) in zip(budgets, reaches, strict=True)):
        return Count(space.size)
    feasible = Feasible(space, budgets)
    if space.size <= MOST_LISTED:
        return Count(int(feasible.admits(listed(space)).sum()))
    if space.linked and len(budgets) == 1 and budgets[0].metric in ADDITIVE and space.size < 2**62:
        found = _by_halves(space.links, budgets[0])
        if found is not None:
            return Count(found)
    return _estimate(feasible)


def listed(space: Space) -> Codes:
    """The option codes of all architectures of a small space: (size, parts), canonical spellings only."""
    codes, states = np.zeros((1, 0), dtype=np.intp), np.zeros(1, dtype=np.intp)
    for link in space.links[:-1]:
        options = link.next.shape[1]
        codes = np.repeat(codes, options, axis=0)
        states = np.repeat(states, options)
        option = np.tile(np.arange(options), len(codes) // options)
        kept = link.allowed[states, option]
        codes = np.column_stack([codes, option])[kept]
        states = link.next[states, option][kept]
    return codes[space.spelled(codes)]


Sums = tuple[NDArray[np.int64], NDArray[np.int64]]  # distinct sums in order, and how often each occurs


def _by_halves(links: Sequence[Link], budget: Budget) -> int | None:
    """Count by sums of the first links and of the last; None when either half has too many."""
    left: dict[int, Sums] = {0: _one()}
    right: dict[int, Sums] = {state: _one() for state in range(int(links[-1].next.max()) + 1)}
    begin, end = 0, len(links)
    while begin < end:  # grow the smaller half
        if _weight(left) <= _weight(right):
            left = _merged((int(n), s, c) for n, s, c in _forward(links[begin], budget.metric, left))
            begin += 1
        else:
            end -= 1
            right = _merged(_backward(links[end], budget.metric, right))
        if _weight(left) + _weight(right) > MOST_SUMS:
            return None
    total = 0
    for state, (sums, often) in left.items():
        if state not in right:
            continue
        ends, behind = right[state]
        below = np.concatenate([[0], np.cumsum(behind)])
        inside = below[np.searchsorted(ends, budget.high - sums, "right")]
        inside -= below[np.searchsorted(ends, budget.low - sums, "left")]
        total += int((inside * often).sum())
    return total


def _one() -> Sums:
    return np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)


def _weight(half: dict[int, Sums]) -> int:
    return sum(len(sums) for sums, _ in half.values())


def _steps(link: Link) -> Iterable[tuple[int, int]]:
    return ((s, o) for s, o in product(*map(range, link.next.shape)) if link.allowed[s, o])


def _forward(
    link: Link, metric: str, half: dict[int, Sums]
) -> Iterable[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    cost = getattr(link, metric)
    return ((int(link.next[s, o]), half[s][0] + cost[s, o], half[s][1]) for s, o in _steps(link) if s in half)


def _backward(
    link: Link, metric: str, half: dict[int, Sums]
) -> Iterable[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
    cost = getattr(link, metric)
    return ((s, half[n][0] + cost[s, o], half[n][1]) for s, o in _steps(link) if (n := int(link.next[s, o])) in half)


def _merged(parts: Iterable[tuple[int, NDArray[np.int64], NDArray[np.int64]]]) -> dict[int, Sums]:
    """Equal sums at the same state become one, counted."""
    grouped: dict[int, list[Sums]] = {}
    for state, sums, often in parts:
        grouped.setdefault(state, []).append((sums, often))
    merged = {}
    for state, group in grouped.items():
        sums, often = (np.concatenate(column) for column in zip(*group, strict=True))
        order = np.argsort(sums, kind="stable")
        sums, often = sums[order], often[order]
        first = np.flatnonzero(np.concatenate([[True], sums[1:] != sums[:-1]]))
        merged[state] = (sums[first], np.add.reduceat(often, first))
    return merged


def _estimate(feasible: Feasible) -> Count:
    """The programme's own count × the share of its draws that are exactly feasible (Wilson's 95 % interval)."""
    total = feasible.programme.total
    if total == 0:
        return Count(0)
    rng = np.random.default_rng(0)
    hits = sum(int(feasible.admits(feasible.programme.draw(ROUND, rng)).sum()) for _ in range(DRAWS // ROUND))
    share, z = hits / DRAWS, 1.96
    centre = (share + z**2 / (2 * DRAWS)) / (1 + z**2 / DRAWS)
    spread = z * sqrt(share * (1 - share) / DRAWS + z**2 / (4 * DRAWS**2)) / (1 + z**2 / DRAWS)
    return Count(round(total * share), round(total * max(0.0, centre - spread)), round(total * (centre + spread)))
