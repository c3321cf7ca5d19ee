"""Costs as evaluators: the baselines that a ranking has to beat."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nas.errors import NasError
from nas.evaluators.score import PROXY_SCORE, About, Failure, Member, Score, Task
from nas.graph import Graph, cost
from nas.graph.costing import depth
from nas.lowering import Description, lower


@dataclass(frozen=True)
class Measure:
    """A cost of a graph, larger taken as better.

    `ranks` are its Spearman with accuracy among networks of equal macs (± 5 %): the 580 of NAS-Bench-Macro at 58M and
    591 of Accel-NASBench at 370M (results/calibration.md).
    """

    of: Callable[[Graph], float]
    summary: str
    ranks: tuple[float, float]

    @property
    def note(self) -> str:
        """What a score by it is not."""
        macro, accel = self.ranks
        return (
            "a baseline that an evaluator has to beat, no accuracy: at a fixed budget its Spearman with accuracy was "
            f"{macro:+.2f} in NAS-Bench-Macro (58M macs) and {accel:+.2f} in Accel-NASBench (370M)"
        )


MEASURES: dict[str, Measure] = {
    "params": Measure(lambda graph: graph.params, "trainable parameters", (-0.47, 0.73)),
    "macs": Measure(lambda graph: cost(graph).macs, "multiply-adds of one image", (0.14, -0.02)),
    "activations": Measure(lambda graph: cost(graph).activations, "outputs of all convolutions", (0.74, -0.65)),
    "depth": Measure(depth, "convolutions and linear layers on the longest path", (0.28, 0.43)),
}


class CostEvaluator:
    """A cost as a score."""

    cheap = True

    def __init__(self, name: str, task: Task) -> None:
        self._name, self._num_classes, self._in_chans = name, task.num_classes, task.in_chans
        self.about = About(name, PROXY_SCORE, MEASURES[name].note, fingerprint=name)

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        return [self._one(architecture, seed) for architecture in architectures]

    def _one(self, architecture: Description, seed: int) -> Score | Failure:
        started = time.perf_counter()
        try:
            value = MEASURES[self._name].of(lower(architecture, self._num_classes, self._in_chans))
        except NasError as error:
            return Failure(str(error))
        return Score(float(value), seconds=time.perf_counter() - started, seed=seed)


def _member(name: str, measure: Measure) -> Member:
    return Member(
        lambda values, task: CostEvaluator(name, task),
        measure.summary,
        example=name,
        speed="milliseconds",
        unit=PROXY_SCORE,
        note=measure.note,
    )


COSTS: dict[str, Member] = {name: _member(name, measure) for name, measure in MEASURES.items()}
