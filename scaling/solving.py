"""Scaling to a budget: the φ at which a rule reaches a given cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from nas.budget import Budget, human
from nas.errors import InfeasibleError, ScaleError

CLOSE = 0.02  # relative distance at which a target counts as reached
GOOD = 0.005  # ... and below which no nearer one is looked for
LEAST, MOST = -24.0, 24.0  # of φ
FINE, AROUND = 16, 0.2  # how many φ are tried on either side of the crossing, where rounding makes the cost jump

Amount = Callable[[float], float]  # φ -> cost; raises ScaleError where there is no network


class Solution(NamedTuple):
    """A φ, what it costs, its relative distance from the target, and why it is not nearer ("" when it is close)."""

    phi: float
    amount: float
    off: float
    reason: str


def solve(amount: Amount, budget: Budget) -> Solution:
    """The φ whose cost comes nearest to the budget's upper end: below it when that is within 2 %, else on either side.

    Costs are step functions of φ (whole repeats, rounded widths), so the crossing is bracketed, halved, and the φ
    around it are tried. Raises InfeasibleError when the rule does not reach the budget at all.
    """
    target = float(budget.high)
    seen: dict[float, float] = {}
    obstacles: dict[float, str] = {}

    def at(phi: float) -> float | None:
        if phi not in seen:
            try:
                seen[phi] = amount(phi)
            except ScaleError as error:
                obstacles[phi] = str(error)
                return None
        return seen[phi]

    low, high = _bracket(at, target)
    if not seen:
        raise ScaleError(f"the rule has no network at any φ: {next(iter(obstacles.values()))}")
    if low is None or high is None:
        return _edge(seen, budget, obstacles)
    while high - low > 1e-3:
        middle = (low + high) / 2
        cost = at(middle)
        low, high = (middle, high) if cost is not None and cost <= target else (low, middle)
    if not any(0 <= 1 - cost / target <= GOOD for cost in seen.values()):
        for number in range(-FINE, FINE + 1):
            at(round(low + AROUND * number / FINE, 4))
    return _nearest(seen, budget, low)


def _bracket(at: Callable[[float], float | None], target: float) -> tuple[float | None, float | None]:
    """φ on either side of the target, None on the side where the rule has none.

    The search starts where a rule that doubles the cost at each φ would meet the target, and goes outwards in
    growing steps until it crosses the target, or to the last network that the rule has.
    """
    base = at(0.0)
    phi = min(MOST, max(LEAST, math.log2(target / base))) if base else 0.0
    while (cost := at(phi)) is None and abs(phi) > 1e-2:
        phi /= 2
    if cost is None:
        return None, None
    upward, step, inside = cost <= target, 0.5, phi
    while (upward and phi < MOST) or (not upward and phi > LEAST):
        phi = min(MOST, inside + step) if upward else max(LEAST, inside - step)
        cost = at(phi)
        if cost is None:  # beyond the last network: halve towards it
            step /= 2
            if step < 1e-2:
                break
        elif (cost <= target) != upward:
            return (inside, phi) if upward else (phi, inside)
        else:
            inside, step = phi, step * 2
    return (inside, None) if upward else (None, inside)


def _edge(seen: dict[float, float], budget: Budget, obstacles: dict[float, str]) -> Solution:
    """The nearest that the rule reaches, where that is close; else InfeasibleError with what it reaches."""
    phi, cost = min(seen.items(), key=lambda item: abs(math.log(item[1] / budget.high)))
    if abs(cost / budget.high - 1) <= CLOSE:
        return Solution(phi, cost, cost / budget.high - 1, "")
    raise InfeasibleError(_unreached(seen, budget, obstacles))


def _nearest(seen: dict[float, float], budget: Budget, crossing: float) -> Solution:
    target = float(budget.high)
    under = [(cost, -abs(phi), phi) for phi, cost in seen.items() if (1 - CLOSE) * target <= cost <= target]
    if under:
        cost, _, phi = max(under)
    else:
        phi, cost = min(seen.items(), key=lambda item: (abs(math.log(item[1] / target)), abs(item[0])))
    if abs(cost / target - 1) <= CLOSE or (budget.low and budget.low <= cost <= target):
        return Solution(phi, cost, cost / target - 1, "")
    steps = sorted({cost for near, cost in seen.items() if abs(near - crossing) <= AROUND} | {cost})
    least = max((c for c in steps if c <= target), default=steps[0])
    most = min((c for c in steps if c > target), default=steps[-1])
    jump = f"rounding makes the cost jump from {human(least, budget.metric)} to {human(most, budget.metric)}"
    return Solution(phi, cost, cost / target - 1, jump)


def _unreached(seen: dict[float, float], budget: Budget, obstacles: dict[float, str]) -> str:
    least, most = min(seen.values()), max(seen.values())
    ends = f"{human(least, budget.metric)} to {human(most, budget.metric)}"
    if least == most:
        return f"{budget}: this rule does not change {budget.metric} ({human(least, budget.metric)} at every φ)"
    upward = most < budget.high
    beyond = {phi: why for phi, why in obstacles.items() if (phi > max(seen) if upward else phi < min(seen))}
    why = f"; beyond, {beyond[min(beyond) if upward else max(beyond)]}" if beyond else ""
    return f"{budget} is out of reach: from φ = {min(seen):g} to {max(seen):g} the rule gives {ends}{why}"
