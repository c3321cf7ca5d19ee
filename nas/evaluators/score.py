"""What an evaluator says of a candidate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from nas.budget import Budget
from nas.lowering import Description
from nas.space import Space


@dataclass(frozen=True, slots=True)
class Score:
    """Larger is better. [`low`, `high`] is a 90 % interval where the evaluator has one.

    `fidelity` is the share of the full evaluation that was spent (a training cut after half its epochs: 0.5), `seconds`
    what it took (two equal scores may differ in it), `seed` that of its random draws. `calibrated`: value and interval
    stand in units of real results.
    """

    value: float
    low: float | None = None
    high: float | None = None
    fidelity: float = 1.0
    seconds: float = field(default=0.0, compare=False)
    seed: int = 0
    calibrated: bool = False

    @property
    def half_width(self) -> float:
        """Half the width of the interval; 0 where there is none."""
        return 0.0 if self.low is None or self.high is None else (self.high - self.low) / 2

    def ties(self, other: Score) -> bool:
        """Whether zero lies within the interval of the difference (errors taken as independent)."""
        return abs(self.value - other.value) <= math.hypot(self.half_width, other.half_width)


PROXY_SCORE = "proxy_score"  # the unit of a score behind which no label stands: never an accuracy

CONCESSION = 0.15  # of the best score's half-width: what a choice among ties gives up in score for fewer macs


@dataclass(frozen=True, slots=True)
class Failure:
    """The candidate has no score, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class About:
    """What a score is and is not: for records and for the person who reads them.

    `unit` names the score, `note` is the caveat that every output states once, `quality` holds measured
    figures, `fingerprint` changes when the evaluator would score differently.
    """

    name: str
    unit: str = "score"
    note: str = ""
    quality: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""


@runtime_checkable
class Evaluator(Protocol):
    """What architectures are worth. `cheap` ones may be asked thousands of times for comparison.

    One that can say more of a network than its score has `remark(architecture) -> str` besides, and one that was made
    from results has `fitted_on(architectures) -> list[bool]`: labels of those cannot judge it. One that runs several
    times for a score says how often in `seeds`.
    """

    @property
    def about(self) -> About:
        """What the score is."""
        ...

    @property
    def cheap(self) -> bool:
        """Whether thousands of candidates may be scored for comparison."""
        ...

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        """One answer an architecture, the same for the same seed; what cannot be scored is a Failure, no exception."""
        ...


@dataclass(frozen=True)
class Task:
    """What the networks are for: classes, channels of the images, and the space and budgets where there are some."""

    num_classes: int = 1000
    in_chans: int = 3
    space: Space | None = None
    budgets: tuple[Budget, ...] = ()

    @classmethod
    def of(cls, space: Space, budgets: Sequence[Budget] = ()) -> Task:
        """The task of a space, within the budgets."""
        return cls(space.num_classes, space.in_chans, space, tuple(budgets))


@dataclass(frozen=True)
class Member:
    """A kind of evaluator: `make(values of the option, task)`, what it is in one line, and its keys with their meaning.

    A key that `nests` names another evaluator, whose keys follow behind a dot ("labels.data").
    `example` is an option that the contract tests can make; "" where that needs a user's files. `speed` says what one
    architecture costs, and `unit` and `note` what About says, where that needs no instance.
    """

    make: Callable[[dict[str, str], Task], Evaluator]
    summary: str
    keys: Mapping[str, str] = field(default_factory=dict)
    nests: tuple[str, ...] = ()
    example: str = ""
    speed: str = ""
    unit: str = "score"
    note: str = ""


def checked(answer: object) -> Score | Failure:
    """A user's answer as a Score: a number, (value, low, high) or a Score; NaN and other things are a Failure."""
    if isinstance(answer, tuple) and len(answer) == 3:
        answer = Score(*answer)
    try:
        if isinstance(answer, (bool, str, bytes)):
            raise TypeError
        score = answer if isinstance(answer, Score) else Score(float(answer))  # type: ignore[arg-type]  # the try is the check
        ends = [float(end) for end in (score.low, score.value, score.high) if end is not None]
    except (TypeError, ValueError):
        return Failure(f"returned {type(answer).__name__} instead of a number")
    if not 0 < score.fidelity <= 1:
        return Failure(f"returned a fidelity of {score.fidelity}; it lies in (0, 1]")
    if not all(map(math.isfinite, ends)):
        return Failure(f"returned {score.value}" if len(ends) == 1 else f"returned {ends}")
    return score if ends == sorted(ends) else Failure(f"returned {score.value} outside its interval {ends}")
