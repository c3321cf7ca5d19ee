"""The fitted predictor as an evaluator."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property

from nas.budget import human
from nas.errors import EvaluatorError
from nas.evaluators.score import About, Failure, Member, Score
from nas.lowering import Description
from nas.predictor import Predictor, load


class PredictorEvaluator:
    """Scores by the predictor of that name; fails outside its domain."""

    cheap = True

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _predictor(self) -> Predictor:
        return load(self._name)

    @cached_property
    def about(self) -> About:
        """What the predicted number is and is not, and how good it was on rows that it had not seen."""
        told = self._predictor.document
        return About(
            name=self._name,
            unit=told["unit"],
            note=told["note"],
            quality=told["quality"],
            fingerprint=self._predictor.fingerprint,
        )

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        try:
            return [*self._scores(architectures, seed)]
        except EvaluatorError:  # of one at least
            return [self._one(architecture, seed) for architecture in architectures]

    def fitted_on(self, architectures: Sequence[Description]) -> list[bool]:
        """Whether an architecture is one that the predictor was fitted on; what lies outside its domain is not."""
        try:
            return self._predictor.fitted_on(architectures)
        except EvaluatorError:  # of one at least
            return [
                isinstance(self._one(one, 0), Score) and self._predictor.fitted_on([one])[0] for one in architectures
            ]

    def remark(self, architecture: Description) -> str:
        """A warning where a network lies outside the costs that the predictor was fitted on, else ""."""
        if not self._predictor.extrapolates([architecture])[0]:
            return ""
        domain = self._predictor.document["domain"]
        ranges = (f"{human(domain[m][0], m)} to {human(domain[m][1], m)}" for m in ("macs", "params"))
        return f"the best network is extrapolated: the predictor was fitted on {' and '.join(ranges)}"

    def _one(self, architecture: Description, seed: int) -> Score | Failure:
        try:
            return self._scores([architecture], seed)[0]
        except EvaluatorError as error:
            return Failure(str(error))

    def _scores(self, architectures: Sequence[Description], seed: int) -> list[Score]:
        started = time.perf_counter()
        found = self._predictor.predict(architectures)
        seconds = (time.perf_counter() - started) / max(1, len(architectures))
        rows = zip(found.mean.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
        return [Score(*row, seconds=seconds, seed=seed, calibrated=True) for row in rows]


ACCEL_NASBENCH = Member(
    lambda values, task: PredictorEvaluator("accel_nasbench"),
    "ImageNet top-1 as predicted from the 4,623 trainings of Accel-NASBench",
    example="accel_nasbench",
    speed="microseconds",
    unit="predicted ImageNet top-1 (%) after 16 epochs",
)
