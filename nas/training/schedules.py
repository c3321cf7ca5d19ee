"""How the learning rate goes: from a step to a share of the highest rate. Pure, so a checkpoint keeps none of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sqrt


@dataclass(frozen=True)
class Schedule:
    """`share(progress)` of the highest rate, for the progress (0 to 1) of the part that ends in 0.

    That part is everything behind the warm-up, or, where it `falls` at the end, the cool-down alone.
    """

    share: Callable[[float], float]
    falls: bool = False


SCHEDULES = {
    # Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5, without restarts.
    "cosine": Schedule(lambda progress: 0.5 * (1 + cos(pi * progress))),
    # Constant, then 1 - sqrt: Hägele et al. 2024, arXiv:2405.18392, §3. Its trunk is the same however long it lasts.
    "trapezoid": Schedule(lambda progress: 1 - sqrt(progress), falls=True),
}


def rate_share(name: str, step: int, warm: int, trunk: int, total: int) -> float:
    """The share of the highest rate at `step` (from 0) of `total`: linear over `warm` steps, then as `name` says.

    `trunk` is where a schedule that falls at its end begins to.
    """
    if step < warm:
        return (step + 1) / (warm + 1)
    schedule = SCHEDULES[name]
    start = trunk if schedule.falls else warm
    return schedule.share((step - start) / (total - start)) if step > start else 1.0
