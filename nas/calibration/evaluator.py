"""An evaluator that scores every network of a space by a fit on a few labels."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.budget import Budget, read_budgets
from nas.calibration.cache import SCORES
from nas.calibration.calibrating import Calibration, calibration, fingerprint
from nas.calibration.terms import Terms, costly
from nas.errors import EvaluatorError, SpaceError
from nas.evaluators import evaluator_for
from nas.evaluators.calibrated import FIT_OF_FIT
from nas.evaluators.function import Function
from nas.evaluators.score import PROXY_SCORE, About, Evaluator, Failure, Score
from nas.lowering import Description
from nas.space import Space

TOLD = {"n": None, "top": 5, "seeds": 2, "pool": 500, "seed": 0}  # terms in a name, unless they are these


class CalibratedEvaluator:
    """Scores by a fit on labels of `terms.labeller`, which are asked for at the first evaluation.

    The 90 % interval is that of one more label. Labels that bear no fit make every answer a Failure.
    """

    cheap = True

    def __init__(self, terms: Terms, calibration: Calibration | None = None) -> None:
        if isinstance(terms.labeller, CalibratedEvaluator):
            raise EvaluatorError(FIT_OF_FIT)
        self.terms = terms
        self._made = calibration

    @property
    def about(self) -> About:
        """What the labels are, and, once they are there, how well the fit foretells a left-out one."""
        terms, of = self.terms, self.terms.labeller.about
        fit = f"fitted on {self._made.quality['n'] if self._made else terms.n} labels"
        return About(
            name=self._name,
            unit=of.unit,
            note=f"Not measured but {fit} of {of.name}, with a 90 % interval for one more label. {of.note}".strip(),
            quality=self._made.quality if self._made else {},
            fingerprint=self._fingerprint,
        )

    @cached_property
    def _name(self) -> str:
        """The option that makes it, less what goes without saying: known before any label is."""
        terms = self.terms
        kind, _, keys = terms.labeller.about.name.partition(":")
        told = [f"labels={kind}", *(f"labels.{key}" for key in keys.split(",") if key)]
        told += [f"{key}={getattr(terms, key)}" for key, usual in TOLD.items() if getattr(terms, key) != usual]
        if terms.proxies != costly(terms.labeller):
            told.append(f"proxies={'yes' if terms.proxies else 'no'}")
        return "calibrated:" + ",".join(told)

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(self.terms)

    @property
    def calibration(self) -> Calibration:
        """The fit; asks for the labels, with a line on stderr for each, where they are not there."""
        if self._made is None:
            self._made = calibration(self.terms, progress=lambda told: print(f"calibrating: {told}", file=sys.stderr))
        return self._made

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        try:
            calibration = self.calibration
        except EvaluatorError as error:  # what is wrong with a file ends a search at once
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

    def _genome(self, architecture: Description) -> NDArray[np.int8] | str:
        """The genome of a network, or why it has none."""
        space = self.terms.space
        if not isinstance(architecture, type(space.reference)):
            return f"not in {space.name}: a {type(architecture).__name__}"
        try:
            return space.encode(architecture)
        except SpaceError as error:
            return str(error)


def calibrate(
    space: Space,
    labeller: str | Function | Evaluator,
    budgets: Sequence[Budget | str] = (),
    n: int = 20,
    *,
    rng: np.random.Generator,
    top: int = 5,
    seeds: int = 2,
    proxies: bool | None = None,
    cache: str | Path | None = None,
    progress: Callable[[str], None] = lambda told: None,
) -> CalibratedEvaluator:
    """An evaluator of `space`, fitted on `n` labels of `labeller` (as `nas.search` takes it) within the budgets.

    The `top` best believed are labelled again with `seeds` more seeds. `proxies`: zero-cost scores are features too;
    None: where a label costs more than they do. With `cache`, a file, no label is ever asked for twice, nor is a
    network's score measured twice (zero_cost.jsonl beside it). Raises EvaluatorError where the labels bear no fit,
    InfeasibleError where nothing fits the budgets.
    """
    kept = None if cache is None else Path(cache)
    within, seed = tuple(read_budgets(budgets)), int(rng.integers(2**31))
    labeller = evaluator_for(labeller, space, within)
    made = CalibratedEvaluator(
        Terms(
            space=space,
            labeller=labeller,
            budgets=within,
            n=n,
            top=top,
            seeds=seeds,
            seed=seed,
            proxies=costly(labeller) if proxies is None else proxies,
            cache=kept,
            scores=None if kept is None else kept.with_name(SCORES),
        )
    )
    return CalibratedEvaluator(made.terms, calibration(made.terms, progress=progress))
