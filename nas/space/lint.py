"""What is worth knowing of a space before searching it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.blocks import Stage
from nas.budget import Budget
from nas.space.chain import ADDITIVE
from nas.space.coding import Space
from nas.space.distinct import ambiguity
from nas.space.feasible import reach
from nas.space.space import SearchSpace

SAMPLE = 20_000  # architectures of a histogram


@dataclass(frozen=True)
class Unusable:
    """A choice that no network within the budget can make; `least` and `most` are what networks with it cost."""

    slot: str
    choice: str
    budget: str
    least: int
    most: int


def lint(space: Space, budgets: Sequence[Budget] = ()) -> list[str]:
    """Findings in words: rows that spell one network twice, ambiguous genomes, choices that no budget allows."""
    findings = []
    if isinstance(space, SearchSpace):  # the genomes of cells are one a network by construction
        findings += spelled_again(space)
        if (told := ambiguity(space)) is not None:
            findings.append(told)
    return findings + [
        f"{found.slot} = {found.choice}: no network within {found.budget} can have it "
        f"(with it: {found.least:,} to {found.most:,})"
        for found in unusable(space, budgets)
    ]


def spelled_again(space: SearchSpace) -> list[str]:
    """Rows of a stage that are the network of an earlier row behind some width, one finding a stage.

    Only the first belongs to the space there, so sizes, counts and draws are right; the row is of no use.
    """
    findings = []
    again = space.spelling.again()
    for stage, part in enumerate(space.rows):
        found = [(width, option, first) for number, width, option, first in again if number == stage]
        if found:
            width, option, first = found[0]
            findings.append(
                f"stage {stage + 1}: behind {width} channels, {_differing(part.options[option], part.options[first])}: "
                f"the same network, and only the first spelling counts ({len(found)} such rows)"
            )
    return findings


def _differing(row: Stage | None, first: Stage | None) -> str:
    """The cells in which two rows differ, in words: "se=0.251 is se=0.25"."""
    assert row is not None
    assert first is not None
    mine, others = row.model_dump(), first.model_dump()

    def told(cells: dict[str, object], than: dict[str, object]) -> str:
        return ", ".join(f"{c}={value}" for c, value in cells.items() if c not in than or than[c] != value)

    return f"{told(mine, others)} is {told(others, mine)}"


def unusable(space: Space, budgets: Sequence[Budget]) -> list[Unusable]:
    """Choices that no network within a budget (each on its own) can make, exactly for caps of additive metrics."""
    found = []
    space, names = space.within(budgets), list(space.slots)
    for budget in budgets:
        if budget.metric not in ADDITIVE:
            continue
        through = _through(space, budget.metric)
        for part, (least, most) in zip(space.parts, through, strict=True):
            for column in range(part.start, part.start + len(part.radix)):
                values = part.choices[:, column - part.start]
                for choice in range(part.radix[column - part.start]):
                    low, high = least[values == choice].min(), most[values == choice].max()
                    spelled = low <= high  # else an earlier choice spells the same network everywhere
                    if spelled and (low > budget.high or high < budget.low):
                        label = choice_label(space, names[column], choice)
                        found.append(Unusable(names[column], label, str(budget), int(low), int(high)))
    return found


def choice_label(space: Space, slot: str, choice: int) -> str:
    """What a slot's choice stands for in the table."""
    return str(slot_choices(space)[slot][choice])


def slot_choices(space: Space) -> dict[str, list[object]]:
    """Each slot with the values of its choices."""
    return space.choices


def _through(space: Space, metric: str) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each part, the least and the most that networks with each option cost: (options,), (options,)."""
    links = space.links
    costs = [getattr(link, metric) for link in links]
    ends: list[list[NDArray[np.int64]]] = []
    for sign in (1, -1):  # the least, then the most as the least of negated costs
        far = np.iinfo(np.int64).max // 4
        behind = [np.zeros(int(links[-1].next.max()) + 1, dtype=np.int64)]
        for link, cost in zip(reversed(links), reversed(costs), strict=True):
            total = np.where(link.allowed, sign * cost + behind[0][link.next], far)
            behind.insert(0, total.min(axis=1))
        before, best = np.zeros(1, dtype=np.int64), []
        for link, cost, after in zip(links[:-1], costs, behind[1:], strict=False):
            whole = before[:, None] + np.where(link.allowed, sign * cost, far)
            best.append(sign * (whole + after[link.next]).min(axis=0))
            arrived = np.full(len(after), far, dtype=np.int64)
            np.minimum.at(arrived, link.next.ravel(), whole.ravel())
            before = arrived
        ends.append(best)
    return list(zip(ends[0], ends[1], strict=True))


def histogram(space: Space, metric: str, bins: int = 12) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Counts and bin edges of a metric over a uniform sample of the space, from its least to its most."""
    genomes = space.sample(SAMPLE, rng=np.random.default_rng(0))
    low, high = reach(space, metric)
    counts, edges = np.histogram(space.costs(genomes, (metric,))[metric], bins=bins, range=(low, high))
    return counts.astype(np.int64), edges
