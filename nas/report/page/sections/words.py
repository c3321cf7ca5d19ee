"""Scores, differences and costs as the sections write them."""

from __future__ import annotations

from collections.abc import Mapping

from nas.budget import human
from nas.evaluators.score import Score

METRICS = ("macs", "params", "activations", "memory")


def exact(costs: Mapping[str, int], metric: str) -> str:
    """An amount to the unit, memory and latency rounded; "-" where it is not known."""
    return f"{costs[metric]:,}" if metric in costs and metric in METRICS[:3] else amount(costs, metric)


def interval(low: float | None, high: float | None) -> str:
    """A 90 % interval; "" without one."""
    return "" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def scored(score: Score | None) -> str:
    """A score with its interval; "-" without one."""
    if score is None:
        return "-"
    ends = interval(score.low, score.high)
    return f"{score.value:.2f}" + (f" ({ends})" if ends else "")


def change(value: float, digits: int = 2) -> str:
    """A difference with its sign."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def percent(new: float, old: float) -> str:
    """How far `new` is from `old`, as a share of it."""
    return "-" if not old else f"{100 * (new / old - 1):+.1f} %".replace("-", "\N{MINUS SIGN}")


def amount(costs: Mapping[str, int], metric: str) -> str:
    """An amount of a metric; "-" where it is not known."""
    return "-" if metric not in costs else human(costs[metric], metric)


def counted(number: float) -> str:
    """A signed number of macs or params, shortened: +12.5M."""
    sign = "\N{MINUS SIGN}" if number < 0 else "+"
    return f"{sign}{human(abs(round(number)), '').strip()}"
