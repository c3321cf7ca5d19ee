"""A few labels from another evaluator, fitted to score every network of a space."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nas.budget import Budget
from nas.errors import EvaluatorError, NasError, SpaceError
from nas.evaluators.score import PROXY_SCORE, About, Evaluator, Failure, Member, Score, Task
from nas.lowering import Description
from nas.options import inner, whole
from nas.space import Space

if TYPE_CHECKING:
    from nas.calibration import Calibration


@dataclass(frozen=True)
class Terms:
    """What is labelled and how: `n` networks, then the `top` best believed again with `seeds` more seeds.

    `pool` is the number of networks of the space, within the budgets, that these are chosen from; `seed` draws it and
    is that of the first labels and of the zero-cost scores. With `proxies` the pool's zero-cost scores are measured
    first, a second or more a network, and are features of the fit; those of other networks are foretold. `cache` is the
    file in which labels are kept for ever, `scores` that of zero-cost scores; None: kept in memory.
    """

    space: Space
    labeller: Evaluator
    budgets: tuple[Budget, ...] = ()
    n: int = 20
    top: int = 5
    seeds: int = 2
    pool: int = 500
    seed: int = 0
    proxies: bool = False
    cache: Path | None = None
    scores: Path | None = None


def costly(labeller: Evaluator) -> bool:
    """Whether a label costs more than zero-cost scores do, so that they are worth measuring to save labels."""
    return not (labeller.cheap or hasattr(labeller, "genomes") or labeller.about.unit == PROXY_SCORE)


class CalibratedEvaluator:
    """Scores by a fit on labels of `terms.labeller`, which are asked for at the first evaluation.

    The 90 % interval is that of one more label. Labels that bear no fit make every answer a Failure.
    """

    cheap = True

    def __init__(self, terms: Terms, calibration: Calibration | None = None) -> None:
        self.terms = terms
        self._made = calibration

    @property
    def about(self) -> About:
        """What the labels are, and, once they are there, how well the fit foretells a left-out one."""
        terms, of = self.terms, self.terms.labeller.about
        fit = f"fitted on {self._made.quality['n'] if self._made else terms.n} labels"
        return About(
            name=f"calibrated:labels={of.name},n={terms.n}",
            unit=of.unit,
            note=f"Not measured but {fit} of {of.name}, with a 90 % interval for one more label. {of.note}".strip(),
            quality=self._made.quality if self._made else {},
            fingerprint=self._fingerprint,
        )

    @cached_property
    def _fingerprint(self) -> str:
        from nas.calibration import fingerprint

        return fingerprint(self.terms)

    @property
    def calibration(self) -> Calibration:
        """The fit; asks for the labels, with a line on stderr for each, where they are not there."""
        if self._made is None:
            from nas.calibration import calibration

            self._made = calibration(self.terms, progress=lambda told: print(f"calibrating: {told}", file=sys.stderr))
        return self._made

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        try:
            calibration = self.calibration
        except NasError as error:
            return [Failure(str(error)) for _ in architectures]
        started, genomes = time.perf_counter(), [self._genome(architecture) for architecture in architectures]
        inside = [genome for genome in genomes if isinstance(genome, np.ndarray)]
        rows = zip(*(ends.tolist() for ends in calibration.predict(np.array(inside))), strict=True) if inside else ()
        seconds = (time.perf_counter() - started) / max(1, len(architectures))
        real = self.terms.labeller.about.unit != PROXY_SCORE
        scores = (Score(mean, low, high, seconds=seconds, seed=seed, calibrated=real) for mean, low, high in rows)
        return [Failure(genome) if isinstance(genome, str) else next(scores) for genome in genomes]

    def remark(self, architecture: Description) -> str:
        """A warning where fewer networks could be labelled than were asked for, else ""."""
        found, wanted = self.calibration.quality["n"], self.terms.n
        return "" if found >= wanted else f"the fit has {found} labels, where {wanted} were asked for"

    def fitted_on(self, architectures: Sequence[Description]) -> list[bool]:
        """Whether a network is one of the labelled."""
        labelled = {genome.tobytes() for genome in self.calibration.labelled}
        genomes = [self._genome(architecture) for architecture in architectures]
        return [isinstance(genome, np.ndarray) and genome.tobytes() in labelled for genome in genomes]

    def _genome(self, architecture: Description) -> np.ndarray[tuple[int], np.dtype[np.int8]] | str:
        """The genome of a network, or why it has none."""
        space = self.terms.space
        if not isinstance(architecture, type(space.reference)):
            return f"not in {space.name}: a {type(architecture).__name__}"
        try:
            return space.encode(architecture)
        except SpaceError as error:
            return str(error)


def _made(values: dict[str, str], task: Task) -> Evaluator:
    from nas.calibration import default_path
    from nas.calibration.cache import SCORES
    from nas.evaluators import made

    where = "evaluator calibrated"
    if "labels" not in values:
        raise EvaluatorError(
            f"{where}: name who labels: calibrated:labels=train,labels.data=FOLDER or labels=table,labels.path=FILE"
        )
    if task.space is None:
        raise EvaluatorError(f"{where}: it is fitted on networks of a space; name one: --space")
    if (proxies := values.get("proxies", "auto")) not in ("auto", "yes", "no"):
        raise EvaluatorError(f"{where}: proxies={proxies} is none of auto, yes and no")
    labeller = made(values["labels"], inner(values, "labels"), task)
    default = None if labeller.cheap or hasattr(labeller, "genomes") else default_path()
    cache = Path(values["cache"]) if "cache" in values else default
    return CalibratedEvaluator(
        Terms(
            space=task.space,
            labeller=labeller,
            budgets=task.budgets,
            n=whole(values, "n", 20, 5, 500, where),
            top=whole(values, "top", 5, 0, 100, where),
            seeds=whole(values, "seeds", 2, 0, 100, where),
            pool=whole(values, "pool", 500, 10, 5_000, where),
            seed=whole(values, "seed", 0, 0, 2**31 - 1, where),
            proxies=costly(labeller) if proxies == "auto" else proxies == "yes",
            cache=cache,
            scores=(cache or default_path()).with_name(SCORES),
        )
    )


CALIBRATED = Member(
    _made,
    "a fit on a few labels from another evaluator, in its unit and with an interval",
    {
        "labels": "the evaluator that labels; its own keys behind a dot: labels.data=FOLDER",
        "n": "networks to label, 5 to 500 (20)",
        "top": "best believed that are labelled again with other seeds (5)",
        "seeds": "how many other seeds (2); 0: none",
        "pool": "networks within the budgets that these are chosen from (500)",
        "seed": "draws the pool, and is the seed of the first labels (0)",
        "proxies": "yes: zero-cost scores as features too, measured once for the pool, a second or more a network; "
        "no; auto: yes where a label costs more, as training does, no for costs, tables and zero-cost scores (auto)",
        "cache": "the file in which labels are kept for ever (labels.jsonl in the user's cache folder); zero-cost "
        "scores are kept beside it",
    },
    nests=("labels",),
    example="calibrated:labels=params,n=8,top=0,pool=40",
    speed="milliseconds, after the labels",
    unit="that of the labels",
    note="not measured but fitted; how well is cross-validated over the labels",
)
