"""Whether two genomes of a table can spell the same network, decided exactly, block by block.

A table of stages reads as an automaton over blocks: inside a stage the same block goes on, at its end the
next stage begins. Two genomes are one network when two runs of the automaton write the same blocks. The
search walks pairs of runs that have written the same so far; tables of published networks end it at once.
Blocks are the same where their graphs are (`nas.space.spelling`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from nas.space.space import SearchSpace


class At(NamedTuple):
    """A run after `done` blocks of a row (its number and stride) in stage `stage` (from 0; -1 before the first).

    `entered` is the width that the stage was entered with: it decides which options are spelled there.
    """

    stage: int
    row: tuple[int, int]
    done: int
    entered: int


class Automaton:
    """The table as an automaton; its letters number blocks by their graphs."""

    def __init__(self, space: SearchSpace) -> None:
        self.spelling, self.repeated = space.spelling, space.repeated
        self.stem = space.reference.stem.channels
        self.optional = [None in part.options for part in space.rows]
        self.offered = lru_cache(maxsize=None)(self._offered)
        self._entries = lru_cache(maxsize=None)(self._entered)

    def _offered(self, stage: int, channels: int) -> dict[tuple[int, int], frozenset[int]]:
        """(block, stride) -> the repeats it is offered with behind so many channels."""
        offered: dict[tuple[int, int], set[int]] = {}
        for option, first in enumerate(self.spelling.first(stage, channels)):
            if first == option and (told := self.spelling.options[stage][option]):
                offered.setdefault(told[:2], set()).add(told[2])
        return {start: frozenset(repeats) for start, repeats in offered.items()}

    def repeats(self, at: At) -> frozenset[int]:
        """The repeats that the run's row is offered with."""
        return self.offered(at.stage, at.entered)[at.row]

    def may_end(self, at: At) -> bool:
        """Whether a run may leave its stage here."""
        return at.stage < 0 or at.done in self.repeats(at)

    def accepts(self, at: At) -> bool:
        """Whether a run may end the network here."""
        return self.may_end(at) and all(self.optional[at.stage + 1 :])

    def channels(self, at: At) -> int:
        """The width behind the run's last block."""
        return self.spelling.blocks[at.row[0]].channels if at.stage >= 0 else self.stem

    def inside(self, at: At) -> list[tuple[int, At]]:
        """The next block of the same stage, if there may be one, and where it leads."""
        if at.stage < 0 or at.done >= max(self.repeats(at)):
            return []
        return [(self.spelling.letter(at.row[0], 1, self.channels(at), False), at._replace(done=at.done + 1))]

    def entries(self, at: At) -> dict[int, list[At]]:
        """The first blocks of the stages that may come next, and where each leads."""
        return self._entries(at.stage, self.channels(at)) if self.may_end(at) else {}

    def _entered(self, left: int, channels: int) -> dict[int, list[At]]:
        entries: dict[int, list[At]] = {}
        for stage in range(left + 1, len(self.optional)):
            if not (stage > left + 1 and self.repeated[stage - 1]):  # equals left out come last
                for row in self.offered(stage, channels):
                    entries.setdefault(self.spelling.letter(*row, channels, True), []).append(
                        At(stage, row, 1, channels)
                    )
            if not self.optional[stage]:
                break
        return entries


def ambiguity(space: SearchSpace, most_pairs: int | None = None) -> str | None:
    """Where two genomes of `space` spell one network, in words; None when every genome is its own network.

    After `most_pairs` pairs of runs the search gives up and answers None.
    """
    automaton = Automaton(space)
    start = At(-1, (0, 1), 0, 0)
    pending, seen = [(start, start)], {(start, start)}
    entered: set[tuple[int, int]] = set()  # where a run met itself at the end of its stage
    while pending and (most_pairs is None or len(seen) <= most_pairs):
        left, right = pending.pop()
        behind = automaton.entries(right)
        steps = automaton.inside(left)
        place = (left.stage, automaton.channels(left))
        if left != right or place not in entered:
            steps += [(block, at) for block, ats in automaton.entries(left).items() for at in ats]
        if left == right and automaton.may_end(left):
            entered.add(place)
        stays = automaton.inside(right)
        for block, at in steps:
            for other in (*behind.get(block, ()), *(there for stay, there in stays if stay == block)):
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
