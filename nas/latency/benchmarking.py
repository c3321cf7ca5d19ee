"""Benchmarks: networks in runtimes, measured in turns so that none of them has the better moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nas.errors import FileError, LatencyError
from nas.graph import Graph
from nas.latency.measuring import busy, measure, timer_of
from nas.networks import BEST, load_network
from nas.runtimes import Fingerprint, Runtime, Session, Timer

OPENED = f"bench times a network by its name, a search's folder, its {BEST} and an .onnx file"


@dataclass(frozen=True)
class Timing:
    """Nanoseconds of one run of a network in a runtime: the median over rounds, and the ends of the middle half."""

    network: str
    on: Fingerprint
    median: int
    low: int
    high: int


@dataclass(frozen=True)
class Benchmark:
    """Timings in the order in which they were asked for, over so many rounds."""

    timings: tuple[Timing, ...]
    batch: int
    rounds: int
    remarks: tuple[str, ...]


def benchmark(
    networks: Sequence[str],
    runtimes: Sequence[Runtime],
    *,
    threads: int = 1,
    device: str = "cpu",
    batch: int = 1,
    seconds: float = 10.0,
    seed: int = 0,
) -> Benchmark:
    """Time each network (a name of the zoo, a JSON file, a search's folder, an .onnx file) in each runtime.

    Of several runtimes a file is timed in those that open it; the remarks say in which it is not.
    """
    rng = np.random.default_rng(seed)
    timers: dict[str, Timer] = {}
    about: dict[str, tuple[str, Fingerprint]] = {}
    remarks: list[str] = []
    for name in networks:
        refused = []
        for runtime in runtimes:
            on = runtime.fingerprint(threads, device)
            try:
                session = _session(name, runtime, threads, device, seed)
            except LatencyError as error:
                refused.append(str(error))
                if len(refused) == len(runtimes):
                    raise
                continue
            key = f"{len(timers)}"
            about[key], timers[key] = (name, on), timer_of(session, rng, batch)
        remarks += refused
    measured = measure(timers, rng, seconds)
    timings = []
    for key, (name, on) in about.items():
        low, high = (round(float(q) * 1e9) for q in np.quantile(measured.seconds[key], (0.25, 0.75)))
        timings.append(Timing(name, on, measured.nanoseconds(key), low, high))
    if word := busy(threads, measured.interrupted):
        remarks.append(word)
    return Benchmark(tuple(timings), batch, measured.rounds, tuple(remarks))


def _session(name: str, runtime: Runtime, threads: int, device: str, seed: int) -> Session:
    if Path(name).suffix == ".onnx":
        return runtime.opened(Path(name), threads=threads, device=device)
    return runtime.session(_graph(name), threads=threads, device=device, seed=seed)


def _graph(name: str) -> Graph:
    """The graph of a network; another kind of file, or a folder without a winner, is told what can be timed."""
    path = Path(name)
    if path.is_dir() and not (path / BEST).is_file():
        raise FileError(f"{name}: a folder without {BEST}; {OPENED}")
    try:
        return load_network(name).graph
    except FileError as error:
        if not path.is_file() or path.suffix == ".json":
            raise
        raise FileError(f"{name}: no network; {OPENED}") from error
