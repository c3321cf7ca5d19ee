"""Finalists: what a search's best networks really take, beside what the table said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nas.budget import Budget, human
from nas.errors import NasError
from nas.graph import Graph
from nas.latency.measuring import measure, timer_of
from nas.latency.reading import stranger
from nas.latency.table import LatencyTable
from nas.runtimes import runtime_named

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


def measured_finalists(
    graphs: Mapping[str, tuple[Graph, int]], table: LatencyTable, seed: int = 0
) -> tuple[tuple[Finalist, ...], str]:
    """Finalists by name with their predicted times, measured as the table's blocks were; or none, and why.

    On another machine, or with another version of the runtime, they are measured all the same: the word says so.
    """
    on = table.device.fingerprint
    try:
        runtime = runtime_named(on.runtime)
        rng = np.random.default_rng(seed)
        timers = {
            name: timer_of(runtime.session(graph, threads=on.threads, device=on.device, seed=seed), rng)
            for name, (graph, _) in graphs.items()
        }
    except NasError as error:
        return (), f"the finalists were not measured: {error}"
    measured = measure(timers, rng, SECONDS)
    found = tuple(Finalist(name, told, measured.nanoseconds(name)) for name, (_, told) in graphs.items())
    return found, stranger(table)


def told(finalist: Finalist, budgets: tuple[Budget, ...]) -> str:
    """One line: predicted, measured, and whether what was measured is within the budgets."""
    over = [budget for budget in budgets if budget.metric == "latency" and finalist.measured_ns > budget.high]
    verdict = f"; over {over[0]}" if over else ""
    return (
        f"{finalist.name}: {human(finalist.predicted_ns, 'latency')} predicted, "
        f"{human(finalist.measured_ns, 'latency')} measured ({finalist.off:+.1%}){verdict}"
    )
