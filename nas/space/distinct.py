"""Whether two genomes of a table can spell the same network, decided exactly.

A table of stages reads as an automaton over blocks: inside a stage the same block goes on, at its end the
next stage begins. Two genomes are one network when two runs of the automaton write the same blocks. The
search walks pairs of runs that have written the same so far; tables of published networks end it at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from nas.blocks import Stage
from nas.space.space import SearchSpace

Block: TypeAlias = tuple[int, int]  # (number of the row without its repeats, stride)


class At(NamedTuple):
    """A run after `done` blocks of the row `row` in stage `stage` (from 0; -1 before the first)."""

    stage: int
    row: int
    done: int


class Automaton:
    """The table as an automaton; rows are numbered without their repeats."""

    def __init__(self, space: SearchSpace) -> None:
        numbers: dict[Stage, int] = {}
        self.repeats: list[dict[int, set[int]]] = []  # stage -> row -> the repeats it is offered with
        self.strides: list[dict[int, int]] = []
        self.optional: list[bool] = []
        for part in space.rows:
            offered: dict[int, set[int]] = {}
            strides: dict[int, int] = {}
            for row in part.options:
                if row is not None:
                    number = numbers.setdefault(row.model_copy(update={"repeats": 1, "stride": 1}), len(numbers))
                    offered.setdefault(number, set()).add(row.repeats)
                    strides[number] = row.stride
            self.repeats.append(offered)
            self.strides.append(strides)
            self.optional.append(None in part.options)
        self.equal_next = [left.root == right.root for left, right in pairwise(space.stages)] + [False]

    def may_end(self, at: At) -> bool:
        """Whether a run may leave its stage here."""
        return at.stage < 0 or at.done in self.repeats[at.stage][at.row]

    def accepts(self, at: At) -> bool:
        """Whether a run may end the network here."""
        return self.may_end(at) and all(self.optional[at.stage + 1 :])

    def steps(self, at: At) -> Iterator[tuple[Block, At]]:
        """The blocks that may come next, and where each leads."""
        if at.stage >= 0 and at.done < max(self.repeats[at.stage][at.row]):
            yield (at.row, 1), At(at.stage, at.row, at.done + 1)
        if not self.may_end(at):
            return
        for stage in range(at.stage + 1, len(self.repeats)):
            if not (stage > at.stage + 1 and self.equal_next[stage - 1]):  # equals left out come last
                for row, stride in self.strides[stage].items():
                    yield (row, stride), At(stage, row, 1)
            if not self.optional[stage]:
                break


def ambiguity(space: SearchSpace) -> str | None:
    """Where two genomes of `space` spell one network, in words; None when every genome is its own network."""
    automaton = Automaton(space)
    start = At(-1, 0, 0)
    pending, seen = [(start, start)], {(start, start)}
    while pending:
        left, right = pending.pop()
        behind: dict[Block, list[At]] = {}
        for block, at in automaton.steps(right):
            behind.setdefault(block, []).append(at)
        for block, at in automaton.steps(left):
            for other in behind.get(block, ()):
                if left != right and (at == other or (automaton.accepts(at) and automaton.accepts(other))):
                    return _told(left, right)
                if left == right and at != other and automaton.accepts(at) and automaton.accepts(other):
                    return _told(at, other)
                pair = (at, other) if at <= other else (other, at)
                if pair not in seen:
                    seen.add(pair)
                    pending.append(pair)
    return None


def _told(left: At, right: At) -> str:
    first, second = sorted((left.stage + 1, right.stage + 1))
    where = f"stage {first}" if first == second else f"stages {first} and {second}"
    return f"{where} can share the same block out in several ways, so some networks have more than one genome"
