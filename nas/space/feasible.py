"""Sampling among the architectures within budgets, feasible by construction.

One additive budget is met by a dynamic programme over the space's chain of cost tables: costs are cut into
buckets, `ways[link][state, spent]` counts the completions that end within the budget, and a draw follows
those counts link by link. Buckets forgive at most one bucket a link, so each draw is checked against the
exact cost and redrawn when it is not within; this keeps the draws exactly uniform. Further budgets are
checked the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nas.budget import Budget, human
from nas.errors import InfeasibleError
from nas.space.chain import ADDITIVE, Link
from nas.space.costs import walk

if TYPE_CHECKING:
    from nas.space.coding import Space

MOST_BUCKETS, FEW_BUCKETS = 8192, 1024
MOST_CELLS = 12_000_000  # cells of the cumulative tables together: 100 MB
REDRAWS = 1_000_000
ROUND = 1 << 16  # draws of one round
FEW_DRAWS = 2048  # fewer than this do not pay for cumulative tables

Codes = NDArray[np.intp]


class Programme:
    """Completions counted over buckets of one additive metric, and draws that follow the counts.

    `weights[i]` weighs the options of link i (default: all 1, which makes draws uniform). The tables are
    sized for many draws; with weights, which serve one question, for few.
    """

    def __init__(
        self,
        links: Sequence[Link],
        metric: str,
        low: int,
        high: int,
        weights: Sequence[NDArray[np.float64]] | None = None,
    ) -> None:
        self.links = links
        exact = [getattr(link, metric) for link in links]
        floor = [int(cost.min()) for cost in exact]  # what every network spends on this link
        room = min(high, sum(int(cost.max()) for cost in exact)) - sum(floor)
        buckets = FEW_BUCKETS
        if weights is None:
            buckets = max(64, min(MOST_BUCKETS, MOST_CELLS // sum(cost.size for cost in exact)))
        self.width = max(1, -(-(room + 1) // buckets))
        self.cost = [(cost - least) // self.width for cost, least in zip(exact, floor, strict=True)]
        top = max(0, room // self.width)
        bottom = max(0, (low - sum(floor)) // self.width - len(links) + 1)
        behind = np.zeros((1, top + 1))
        if room >= 0:
            behind[:, bottom : top + 1] = 1.0
        self.log_scale = 0.0
        self.ways = [np.repeat(behind, links[-1].next.max() + 1, axis=0)]
        self.weights = weights or [np.ones(link.next.shape[1]) for link in links]
        for link, cost, weight in zip(reversed(links), reversed(self.cost), reversed(self.weights), strict=True):
            self.ways.insert(0, self._before(link, cost, weight, self.ways[0]))

    def _before(
        self, link: Link, cost: NDArray[np.int64], weight: NDArray[np.float64], behind: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Weighted completions before a link, from those behind it; scaled so that they never overflow."""
        size = behind.shape[1]
        before = np.zeros((cost.shape[0], size))
        for (state, option), spent in np.ndenumerate(cost):
            if spent < size and link.allowed[state, option]:
                before[state, : size - spent] += weight[option] * behind[link.next[state, option], spent:]
        largest = float(before.max())
        if largest > 1e200:
            self.log_scale += np.log(largest)
            before /= largest
        return before

    @property
    def total(self) -> float:
        """Weighted number of architectures within the budget, give or take one bucket a link."""
        return float(self.ways[0][0, 0]) * float(np.exp(min(self.log_scale, 700.0)))

    @cached_property
    def cumulative(self) -> list[NDArray[np.float64]]:
        """For each link, state and amount spent: completions through the options up to each one."""
        tables = []
        for link, cost, weight, behind in zip(self.links, self.cost, self.weights, self.ways[1:], strict=True):
            size = behind.shape[1]
            table = np.zeros((cost.shape[0], size, cost.shape[1]))
            for (state, option), spent in np.ndenumerate(cost):
                if spent < size and link.allowed[state, option]:
                    table[state, : size - spent, option] = weight[option] * behind[link.next[state, option], spent:]
            tables.append(np.cumsum(table, axis=2, out=table))
        return tables

    def draw(self, n: int, rng: np.random.Generator) -> Codes:
        """`n` architectures as option codes, each in proportion to its weight: (n, parts)."""
        codes = np.empty((n, len(self.links) - 1), dtype=np.intp)
        state, spent = np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp)
        for i, (link, cost) in enumerate(zip(self.links[:-1], self.cost, strict=False)):
            options = cost.shape[1]
            if n < FEW_DRAWS:
                flat, row = self._rows(i, state, spent), np.arange(n) * options
            else:
                flat, row = self.cumulative[i].ravel(), (state * self.ways[i].shape[1] + spent) * options
            aim = rng.random(n) * flat.take(row + options - 1)
            codes[:, i] = option = _first_above(flat, row, options, aim)
            here = state * options + option
            spent = spent + cost.ravel().take(here)
            state = link.next.ravel().take(here)
        return codes

    def _rows(self, i: int, state: NDArray[np.intp], spent: NDArray[np.intp]) -> NDArray[np.float64]:
        """The rows of the cumulative table of link i that a few draws need, one after the other."""
        link, behind = self.links[i], self.ways[i + 1]
        after = spent[:, None] + self.cost[i][state]
        inside = link.allowed[state] & (after < behind.shape[1])
        ways = behind[link.next[state], np.minimum(after, behind.shape[1] - 1)]
        return np.cumsum(np.where(inside, ways * self.weights[i], 0.0), axis=1).ravel()


def _first_above(
    flat: NDArray[np.float64], row: NDArray[np.intp], options: int, aim: NDArray[np.float64]
) -> NDArray[np.intp]:
    """In each row of a cumulative table, the first option whose sum exceeds `aim`: a binary search for all at once."""
    low = np.zeros(len(row), dtype=np.intp)
    step = 1 << max(0, options - 1).bit_length()
    while step := step >> 1:
        probe = low + step
        inside = probe < options + 1
        passed = flat.take(row + np.minimum(probe, options) - 1) <= aim
        low = np.where(inside & passed, probe, low)
    return np.minimum(low, options - 1)


class Feasible:
    """The architectures of a space within all of some budgets.

    Raises InfeasibleError, naming the budget and the nearest reachable value, when one budget alone
    already excludes every architecture.
    """

    def __init__(self, space: Space, budgets: Sequence[Budget]) -> None:
        self.space, self.budgets = space.within(budgets), tuple(budgets)
        space = self.space
        for budget in budgets:
            check_reachable(space, budget)
        additive = [b for b in budgets if b.metric in ADDITIVE] or [Budget("macs", 0, 2**62)]
        programmes = [(b, Programme(space.links, b.metric, b.low, b.high)) for b in additive]
        self.first, self.programme = min(programmes, key=lambda pair: pair[1].total)

    def admits(self, codes: Codes) -> NDArray[np.bool_]:
        """Whether each is the canonical spelling of an architecture within all budgets, exactly."""
        metrics = {budget.metric for budget in self.budgets}
        found = walk(self.space.links, lambda rows, i: codes[rows, i], len(codes), metrics)
        inside = found.allowed if self.space.linked else found.allowed & self.space.spelled(codes)
        for budget in self.budgets:
            inside = inside & (found.costs[budget.metric] >= budget.low) & (found.costs[budget.metric] <= budget.high)
        return inside

    def sample(self, n: int, rng: np.random.Generator) -> Codes:
        """`n` architectures, each uniform among the feasible: option codes (n, parts)."""
        found: list[Codes] = []
        missing, failed = n, 0
        while missing > 0:
            if self.programme.total == 0 or failed >= REDRAWS:
                raise InfeasibleError(self._nothing_found(rng))
            drawn = self.programme.draw(min(ROUND, max(256, missing + missing // 8)), rng)
            kept = drawn[self.admits(drawn)][:missing]
            found.append(kept)
            missing -= len(kept)
            failed = failed + len(drawn) if len(kept) == 0 else 0
        return np.concatenate(found) if found else np.empty((0, len(self.space.parts)), dtype=np.intp)

    def _nothing_found(self, rng: np.random.Generator) -> str:
        """Why no architecture fits: each budget's range in the space, and the nearest miss of many draws."""
        draws = Feasible(self.space, ()).programme.draw(ROUND, rng)
        if self.programme.total > 0:
            draws = np.concatenate([draws, self.programme.draw(ROUND, rng)])
        metrics = list(dict.fromkeys(b.metric for b in self.budgets))
        costs = walk(self.space.links, lambda rows, i: draws[rows, i], len(draws), metrics).costs
        excess = np.zeros(len(draws))
        for b in self.budgets:
            cost = costs[b.metric].astype(np.float64)
            excess = np.maximum(excess, np.maximum(cost / b.high, b.low / np.maximum(cost, 1)) - 1)
        nearest = ", ".join(human(int(costs[metric][excess.argmin()]), metric) for metric in metrics)
        ends = {metric: reach(self.space, metric) for metric in metrics}
        ranges = "; ".join(f"{human(low, metric)} to {human(high, metric)}" for metric, (low, high) in ends.items())
        wanted = " and ".join(map(str, self.budgets))
        return f"{wanted}: no such architecture found in {self.space.name}, which has {ranges}; nearest miss {nearest}"


def reach(space: Space, metric: str) -> tuple[int, int]:
    """The least and the most of a metric in the space, exactly; SpaceError for one that it does not know."""
    space.check_metric(metric)
    if metric == "memory":  # the least peak and the least weights need not meet: bounds, not values
        (low_peak, high_peak), (low, high) = _reach(space.links, "peak"), reach(space, "params")
        return low_peak + 4 * low, high_peak + 4 * high
    return _reach(space.links, metric)


def _reach(links: Sequence[Link], metric: str) -> tuple[int, int]:
    ends = []
    for pick, fill in ((np.min, np.iinfo(np.int64).max), (np.max, -1)):
        best = np.zeros(links[-1].next.max() + 1, dtype=np.int64)
        for link in reversed(links):
            cost = getattr(link, metric)
            through = np.maximum(cost, best[link.next]) if metric == "peak" else cost + best[link.next]
            best = pick(np.where(link.allowed, through, fill), axis=1)
        ends.append(int(best[0]))
    return ends[0], ends[1]


def check_reachable(space: Space, budget: Budget) -> None:
    """InfeasibleError when the budget lies wholly outside what the space can cost."""
    low, high = reach(space, budget.metric)
    if budget.high < low or budget.low > high:
        way, end, value = ("small", "least", low) if budget.high < low else ("large", "most", high)
        raise InfeasibleError(
            f"budget {budget}: no architecture of {space.name} is that {way}; "
            f"the {end} that it reaches is {human(value, budget.metric)}"
        )
