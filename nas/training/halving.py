"""Successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943): many begin, and the better ones are trained on.

Every rung ends a complete schedule, since a network whose rate has not come down says little of its end. A trapezoid
allows both: up to its cool-down the steps do not depend on how long it will be, so a promoted network goes on from the
checkpoint in front of the cool-down and ends with the weights of a training that was long from the start. What a
promotion costs twice is the shorter cool-down. A cosine knows its end from the first step on and is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from nas.errors import TrainingError
from nas.training.recipe import Recipe

FACTOR = 2  # a rung has half the networks of the one before, and twice its epochs


@dataclass(frozen=True)
class Rung:
    """How far a network came: what it is worth there (None: it failed), and the epochs of that schedule."""

    value: float | None
    epochs: int


def rungs_of(recipe: Recipe, rungs: int) -> list[Recipe]:
    """The recipe of each rung, the shortest first; TrainingError where they cannot continue one another."""
    if rungs > 1 and not recipe.extensible:
        raise TrainingError(
            f"rungs={rungs}: the rate of a {recipe.schedule} depends on the end from its first step on; "
            "write schedule=trapezoid, which can be continued"
        )
    lengths = [recipe.epochs // FACTOR ** (rungs - 1 - rung) for rung in range(rungs)]
    if rungs < 1 or lengths[0] < 1:
        raise TrainingError(f"rungs={rungs}: {recipe.epochs} epochs can be halved to 1 at most; take fewer rungs")
    return [replace(recipe, epochs=epochs) for epochs in lengths]


def halve(count: int, steps: list[Recipe], train: Callable[[int, Recipe], float | None]) -> list[Rung]:
    """Where each of `count` networks came to; `train(number, recipe)` answers what it is worth, None where it failed.

    The better half of a rung, rounded up, is promoted; of equals the earlier.
    """
    found = [Rung(None, steps[0].epochs)] * count
    alive = list(range(count))
    for number, recipe in enumerate(steps):
        if number:
            alive = sorted(alive, key=lambda one: (-_value(found[one]), one))[: -(-len(alive) // FACTOR)]
        for one in alive:
            found[one] = Rung(train(one, recipe), recipe.epochs)
        alive = [one for one in alive if found[one].value is not None]
    return found


def _value(rung: Rung) -> float:
    assert rung.value is not None
    return rung.value
