"""Finalists: what a search's best networks really take, beside what the table said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nas.errors import NasError
from nas.graph import Graph
from nas.latency.measuring import measure, timer_of
from nas.latency.table import LatencyTable
from nas.runtimes import Fingerprint, runtime_named

SECONDS = 4.0  # of measuring, all finalists together


@dataclass(frozen=True)
class Finalist:
    """A network's time as the table predicts it and as it was measured, in ns."""

    name: str
    predicted_ns: int
    measured_ns: int

    @property
    def off(self) -> float:
        """The relative error of the prediction."""
        return self.predicted_ns / self.measured_ns - 1


@dataclass(frozen=True)
class Finalists:
    """The networks that were measured, and on what; where there are none, `why`."""

    rows: tuple[Finalist, ...] = ()
    measured_on: Fingerprint | None = None
    why: str = ""


def measured_finalists(graphs: Mapping[str, tuple[Graph, int]], table: LatencyTable, seed: int = 0) -> Finalists:
    """Networks by name with their predicted times in ns, measured here as the table's blocks were there.

    On another machine, or with another version of the runtime, they are measured all the same.
    """
    like = table.device.fingerprint
    try:
        runtime = runtime_named(like.runtime)
        here = runtime.fingerprint(like.threads, like.device)
        rng = np.random.default_rng(seed)
        timers = {
            name: timer_of(runtime.session(graph, threads=like.threads, device=like.device, seed=seed), rng)
            for name, (graph, _) in graphs.items()
        }
    except NasError as error:
        return Finalists(why=str(error))
    measured = measure(timers, rng, SECONDS)
    return Finalists(
        tuple(Finalist(name, told, measured.nanoseconds(name)) for name, (_, told) in graphs.items()), here
    )
