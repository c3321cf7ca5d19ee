"""A table of results as an evaluator: what was measured, and nothing for a network that was not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.errors import EvaluatorError, SpaceError, SpaceNeededError
from nas.evaluators.score import About, Evaluator, Failure, Member, Score, Task
from nas.labels import Labels, read_labels
from nas.labels.layouts import VALUE
from nas.lowering import Description
from nas.space import Genomes


class TableEvaluator:
    """Scores by looking up `labels`: the mean of a network's runs; one that the table lacks is a Failure.

    The 90 % interval is that of the mean of so many runs: Student's t with the spread of runs pooled over all networks
    of the table. A table in which no network has two runs tells none.
    """

    def __init__(self, labels: Labels) -> None:
        self.labels = labels.networks
        self._row = {genome.tobytes(): row for row, genome in enumerate(self.labels.genomes)}
        self.cheap = len(self._row) == self.labels.space.size  # any network can be asked for, to compare with

    @property
    def genomes(self) -> Genomes:
        """The networks that it has results of: (n, slots)."""
        return self.labels.genomes

    @cached_property
    def about(self) -> About:
        """What was measured, on how many networks, and how well one run of them tells another's rank."""
        from nas.quality.noise import noise

        labels = self.labels
        least, most = int(labels.counts.min()), int(labels.counts.max())
        runs = "one run" if most == 1 else f"the mean of {f'{least} to ' if least < most else ''}{most} runs"
        return About(
            name=f"table:path={labels.source},column={labels.column}",
            unit=f"{labels.column} ({Path(labels.source).name})",
            note=f"Looked up, not predicted: {runs} of each of {len(labels):,} networks; others have none.",
            quality={"n": len(labels), "noise": noise(labels)},
            fingerprint=labels.fingerprint,
        )

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        return [self._one(architecture, seed) for architecture in architectures]

    def repeats(self, labels: Labels) -> NDArray[np.bool_]:
        """Which rows of `labels` (n,) say of a network what the table says: such a label judges nothing."""
        found = [self._row.get(genome.tobytes()) for genome in labels.genomes]
        own = [np.nan if row is None else self.labels.values[row] for row in found]
        return np.asarray(np.array(own) == labels.values)

    def _one(self, architecture: Description, seed: int) -> Score | Failure:
        started, space = time.perf_counter(), self.labels.space
        if not isinstance(architecture, type(space.reference)):
            return Failure(f"not in {space.name}: a {type(architecture).__name__}")
        try:
            row = self._row.get(space.encode(architecture).tobytes())
        except SpaceError as error:
            return Failure(str(error))
        if row is None:
            return Failure(f"not among the {len(self._row):,} networks of {Path(self.labels.source).name}; {self._fit}")
        value, half = float(self.labels.values[row]), self._half_widths[int(self.labels.counts[row])]
        low, high = (None, None) if half is None else (value - half, value + half)
        return Score(value, low, high, seconds=time.perf_counter() - started, seed=seed, calibrated=True)

    def remark(self, architecture: Description) -> str:
        """What a search by a part of the space means; "" for a table of all its networks."""
        if self.cheap:
            return ""
        space, macs = self.labels.space, self.labels.space.costs(self.genomes, ("macs",))["macs"]
        share = len(self._row) / space.size
        return (
            f"the table has {len(self._row):,} networks, {share:.2g} of space {space.name}, all of "
            f"{macs.min() / 1e6:.4g}M..{macs.max() / 1e6:.4g}M-flops; any other is a failed trial; {self._fit}"
        )

    @property
    def _fit(self) -> str:
        column = "" if self.labels.column == VALUE else f",labels.column={self.labels.column}"
        return f"a fit scores all: calibrated:labels=table,labels.path={self.labels.source}{column}"

    @cached_property
    def _half_widths(self) -> dict[int, float | None]:
        """Half the interval by the number of runs; None where the table does not tell it."""
        from scipy.special import stdtrit

        counts, spread = sorted({int(count) for count in self.labels.counts}), self.labels.spread
        if spread is None:
            return dict.fromkeys(counts)
        return {count: float(stdtrit(spread.freedom, 0.95) * spread.sd / count**0.5) for count in counts}


def _made(values: dict[str, str], task: Task) -> Evaluator:
    if "path" not in values:
        raise EvaluatorError("evaluator table: write table:path=FILE")
    if task.space is None:
        raise SpaceNeededError("evaluator table: its networks are those of a space; name one: --space")
    return TableEvaluator(read_labels(values["path"], task.space, column=values.get("column")))


TABLE = Member(
    _made,
    "results that were measured, looked up in a CSV or JSON file",
    {"path": "the file: NAS-Bench-Macro's, Accel-NASBench's, or your own with a column a slot", "column": "the result"},
    speed="milliseconds",
    unit="what was measured",
    note="an exact evaluator: a network that the table lacks has no score, which in a search is a failed trial; "
    "calibrated:labels=table,labels.path=FILE fits the table and scores every network",
)
