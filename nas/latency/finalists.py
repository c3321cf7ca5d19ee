"""Finalists: what a search's best networks really take, beside what the table said."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nas.errors import NasError
from nas.graph import Graph
from nas.latency.measuring import busy, measure, timer_of
from nas.latency.table import LatencyTable
from nas.runtimes import Fingerprint, runtime_named

SECONDS = 4.0  # of measuring, all finalists together
FINEST = 0.01  # the least error of prediction and stopwatch that is believed
CLEAR = 3  # times the error to be expected: a difference beyond that is none of chance


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
    """The networks that were measured, and on what; where there are none, `why`.

    `busy` says in words that the machine did other work meanwhile. `factor` is how many times as long as predicted they
    all took, where that is one factor for all and clearly another than 1.
    """

    rows: tuple[Finalist, ...] = ()
    measured_on: Fingerprint | None = None
    why: str = ""
    busy: str = ""
    factor: float | None = None


def measured_finalists(graphs: Mapping[str, tuple[Graph, int]], table: LatencyTable, seed: int = 0) -> Finalists:
    """Networks by name with their predicted times in ns, measured here as the table's blocks were there.

    On another machine, or with another version of the runtime, they are measured all the same.
    """
    like = table.device.fingerprint
    if like.threads > (cores := os.cpu_count() or 1) and like.device == "cpu":
        return Finalists(why=f"the table is of {like.threads} threads, and this machine has {cores} cores")
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
    rows = tuple(Finalist(name, told, measured.nanoseconds(name)) for name, (_, told) in graphs.items())
    expected = table.quality.held_out_error + measured.noise(list(graphs))
    word = busy(like.threads, measured.interrupted)
    return Finalists(rows, here, busy=word, factor=common_factor(rows, expected))


def common_factor(rows: Sequence[Finalist], error: float) -> float | None:
    """How many times as long as predicted all of them took; None unless they agree within CLEAR times the relative
    `error` of a prediction and a
    measurement, while their median is further than that from 1."""
    shares = np.array([one.predicted_ns / one.measured_ns for one in rows])
    if len(rows) < 2 or not (middle := float(np.median(shares))):
        return None
    clear = CLEAR * max(error, FINEST)
    apart, off = float(np.max(np.abs(shares / middle - 1))), abs(middle - 1)
    return 1 / middle if apart <= clear < off else None
