"""Asking for labels: each network of a pool at most once a seed, failures counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from nas.calibration.cache import Key, LabelCache, name_of
from nas.calibration.features import Floats
from nas.errors import EvaluatorError
from nas.evaluators.score import Evaluator, Failure, Score, checked
from nas.lowering import lower
from nas.space import Genomes, Space

FEWEST = 5  # labels below which nothing is fitted

Progress = Callable[[str], None]


@dataclass
class Labelling:
    """Labels of members of a pool, as they come in: `scores[i]` are the runs of member i."""

    space: Space
    pool: Genomes
    labeller: Evaluator
    cache: LabelCache
    progress: Progress
    scores: dict[int, list[Score]] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)
    asked: int = 0

    def ask(self, members: Sequence[int], seed: int, why: str) -> int:
        """Label members with a seed, one after the other; how many of them got a label."""
        return sum([self._one(int(member), seed, why) for member in members])

    def _one(self, member: int, seed: int, why: str) -> bool:
        architecture = self.space.decode(self.pool[member])
        digest = lower(architecture, self.space.num_classes, self.space.in_chans).digest()
        key = Key(name_of(self.labeller.about), digest, seed)
        answer = self.cache.get(key, lambda: _answer(self.labeller.evaluate([architecture], seed)[0]))
        self.asked += 1
        if isinstance(answer, Failure):
            self.failures[member] = answer.reason
            self.progress(f"label {self.asked} ({why}): failed: {answer.reason}")
            return False
        self.scores.setdefault(member, []).append(answer)
        self.progress(f"label {self.asked} ({why}): {answer.value:.6g}")
        return True

    @property
    def members(self) -> list[int]:
        """The labelled members, in the order of their first labels."""
        return list(self.scores)

    @property
    def values(self) -> Floats:
        """The mean of each labelled member's runs."""
        return np.array([np.mean([score.value for score in scores]) for scores in self.scores.values()])

    @property
    def runs(self) -> Floats:
        """How many runs each labelled member has."""
        return np.array([len(scores) for scores in self.scores.values()], dtype=np.float64)

    def check(self) -> None:
        """EvaluatorError where the labels bear no fit: too few of them, or all the same."""
        name, found = self.labeller.about.name, len(self.scores)
        if found < FEWEST:
            why = f"; the last reason: {list(self.failures.values())[-1]}" if self.failures else ""
            raise EvaluatorError(
                f"{name}: {found} labels of {self.asked} asked for, and no fit has fewer than {FEWEST}{why}"
            )
        if np.ptp(self.values) == 0:
            raise EvaluatorError(
                f"{name}: all {found} labels are {self.values[0]:g}, so there is nothing to rank; does it learn at all?"
            )


def _answer(answer: object) -> Score | Failure:
    """A labeller's answer, with NaN as a Failure."""
    return answer if isinstance(answer, Failure) else checked(answer)
