"""Scores, differences and costs as the sections write them."""

from __future__ import annotations

from collections.abc import Mapping

from nas.budget import human
from nas.evaluators.score import Score

WHOLE = 10_000  # scores from here on are written without decimals
METRICS = ("macs", "params", "activations", "memory")


def exact(costs: Mapping[str, int], metric: str) -> str:
    """An amount to the unit, memory and latency rounded; "-" where it is not known."""
    return f"{costs[metric]:,}" if metric in costs and metric in METRICS[:3] else amount(costs, metric)


def plain(value: float, sign: str = "") -> str:
    """A score, or with `sign` "+" a difference of two: two decimals, and none where they say nothing."""
    return f"{value:{sign},.{2 if abs(value) < WHOLE else 0}f}".replace("-", "\N{MINUS SIGN}")


def score_head(*scores: Score | None) -> str:
    """What stands above scores as `scored` writes them."""
    return "score (90 % interval)" if any(score is not None and score.low is not None for score in scores) else "score"


def sentence(text: str) -> str:
    """The text with a capital letter in front."""
    return text[:1].upper() + text[1:]


def told_score(score: Score | None, unit: str = "") -> str:
    """A score in a sentence, with its unit, and its interval named as one."""
    if score is None:
        return "-"
    ends = interval(score.low, score.high)
    return f"{plain(score.value)} {unit}".rstrip() + (f" (90 % interval {ends})" if ends else "")


def interval(low: float | None, high: float | None) -> str:
    """A 90 % interval; "" without one."""
    return "" if low is None or high is None else f"{plain(low)} to {plain(high)}"


def scored(score: Score | None) -> str:
    """A score with its interval; "-" without one."""
    if score is None:
        return "-"
    ends = interval(score.low, score.high)
    return plain(score.value) + (f" ({ends})" if ends else "")


def change(value: float) -> str:
    """A difference with its sign."""
    return plain(value, "+")


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
