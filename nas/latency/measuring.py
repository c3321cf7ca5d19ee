"""Measuring: many networks in turns, in a new random order each round, so that a change of the machine's pace hits all.

A figure is the median over rounds of the mean of a few runs in a row.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.runtimes.runtime import Session, Timer

SAMPLE = 2e-3  # seconds of a sample at least, well above what a clock resolves and a call costs
FEWEST, MOST = 6, 60  # rounds
WARM = 3  # runs before anything counts
BUSY = 0.2  # the share of interrupted samples from which on a machine is called busy

Progress = Callable[[float], None]  # the share that is done


@dataclass(frozen=True)
class Measured:
    """Seconds of one run: (rounds,) a name. `interrupted` is the share of samples during which the system ran something
    else; None where it does not tell."""

    seconds: Mapping[str, NDArray[np.float64]]
    interrupted: float | None

    @property
    def rounds(self) -> int:
        """How often each was measured."""
        return len(next(iter(self.seconds.values()), ()))

    def nanoseconds(self, name: str) -> int:
        """The median."""
        return max(1, round(float(np.median(self.seconds[name])) * 1e9))

    def noise(self, names: list[str]) -> float:
        """How far two such measurements differ: that of the medians of even and of odd rounds, relative and in the
        mean, over √2, because each has half the rounds."""
        halves = [(np.median(taken[::2]), np.median(taken[1::2])) for taken in (self.seconds[name] for name in names)]
        return float(np.mean([abs(one / other - 1) for one, other in halves]) / np.sqrt(2)) if halves else 0.0


def timer_of(session: Session, rng: np.random.Generator, batch: int = 1) -> Timer:
    """A stopwatch for random images."""
    return session.timer(rng.standard_normal((batch, *session.input_shape), dtype=np.float32))


def measure(
    timers: Mapping[str, Timer], rng: np.random.Generator, seconds: float, progress: Progress | None = None
) -> Measured:
    """The time of each, in turns for about so many `seconds`, at least FEWEST rounds and at most MOST."""
    runs = {}
    for name, timer in timers.items():
        timer(WARM)
        runs[name] = max(1, math.ceil(SAMPLE / max(timer(1), 1e-9)))
    taken: dict[str, list[float]] = {name: [] for name in timers}
    names, disturbed = list(timers), 0
    begun, done = time.perf_counter(), 0
    while done < FEWEST or (done < MOST and (time.perf_counter() - begun) * (done + 1) / done <= seconds):
        for number in rng.permutation(len(names)):
            name = names[number]
            timers[name](1)  # its weights are in the cache again
            before = _interruptions()
            taken[name].append(timers[name](runs[name]) / runs[name])
            disturbed += _interruptions() > before
        done += 1
        if progress is not None:
            progress(min(1.0, max(done / MOST, (time.perf_counter() - begun) / max(seconds, 1e-9))))
    share = None if _INTERRUPTIONS is None else disturbed / max(1, done * len(names))
    return Measured({name: np.array(values) for name, values in taken.items()}, share)


def _usage() -> Callable[[], int] | None:
    """How often the system has taken the processor away from this process; None where it does not tell."""
    try:
        import resource
    except ImportError:  # no POSIX
        return None
    return lambda: resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


_INTERRUPTIONS = _usage()


def _interruptions() -> int:
    return 0 if _INTERRUPTIONS is None else _INTERRUPTIONS()


def busy(threads: int, interrupted: float | None = None) -> str:
    """A word where the machine does other work than ours; "" where it does not, or does not tell."""
    cores = os.cpu_count() or 1
    if interrupted is not None:
        why = "the machine is busy" if threads <= cores else f"{threads} threads share {cores} cores"
        return f"{interrupted:.0%} of the samples were interrupted: {why}" if interrupted > BUSY else ""
    try:
        load = os.getloadavg()[0]
    except OSError:
        return ""
    if load > cores - threads + 0.5:
        return f"the machine is busy: load {load:.1f} on {cores} cores; latencies will be too long and uneven"
    return ""
