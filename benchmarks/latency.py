"""How good predicted latencies are: 40 fresh networks of a space in a runtime, for each seed.

OMP_NUM_THREADS=1 python benchmarks/latency.py          # writes results/latency.md and results/latency.png; 12 minutes

Needs a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

import search_spaces
from nas.files import write_bytes, write_text
from nas.latency.calibrating import Calibration, Settings, calibrate, chosen
from nas.latency.fitting import mean_error, rank_correlation, within
from nas.latency.measuring import busy, measure, timer_of
from nas.report.figure import INK, MUTED, RULE, render
from nas.report.tables import markdown
from nas.runtimes import runtime_named
from nas.space import Genomes, Space

JUDGED = "efficientnet"  # the space that bars are for
BARS = {"onnxruntime": (0.06, 0.98), "torch": (0.10, 0.97)}  # mean relative error, Spearman
CASES = ((JUDGED, "onnxruntime"), (JUDGED, "torch"), ("nasnet", "onnxruntime"))
NOISES, NOISY = 1.5, ("onnxruntime",)  # of the noise floor: where the error may lie instead
GOAL = 0.95  # of the networks within a tenth
WAYS = "predicted", "by_macs"
COLOURS = {"onnxruntime": ("#0072b2", "o"), "torch": ("#d55e00", "^")}


@dataclass(frozen=True)
class Fresh:
    """Networks that no calibration has seen: predicted, by macs alone, and measured, in ns.

    `drift` is how much longer the calibration's held-out networks take beside them than they took then.
    """

    calibration: Calibration
    seconds: float
    predicted: np.ndarray
    by_macs: np.ndarray
    measured: np.ndarray
    noise: float
    drift: float
    interrupted: float | None


Results: TypeAlias = dict[tuple[str, str], list[Fresh]]  # (space, runtime) -> a run a seed


def fresh(space: Space, runtime: str, count: int, seconds: float, seed: int) -> Fresh:
    """Calibrate, then measure `count` other networks, drawn uniformly."""
    begun = time.perf_counter()
    settings = Settings(seconds=seconds, seed=seed)
    calibration = calibrate(space, runtime_named(runtime), settings)
    took = time.perf_counter() - begun
    timed = space.timed(calibration.table)
    genomes = _others(space, {row.digest for row in calibration.table.networks}, count, seed)
    rng = np.random.default_rng([seed, 1])
    timers = {
        str(number): timer_of(runtime_named(runtime).session(space.graph(genome), seed=seed), rng)
        for number, genome in enumerate(genomes)
    }
    known = {row.digest: row.measured_ns for row in calibration.table.networks if row.held_out}
    again = chosen(space, settings.networks, settings.held_out, np.random.default_rng(seed))  # as it drew them
    fresh_names = list(timers)
    timers |= {
        digest: timer_of(runtime_named(runtime).session(again[digest].graph, seed=seed), rng) for digest in known
    }
    found = measure(timers, rng, seconds)
    measured = np.array([found.nanoseconds(name) for name in fresh_names], dtype=np.float64)
    macs = space.costs(genomes, ("macs",))["macs"].astype(np.float64)
    constant = weighted_median(measured / macs, macs / measured)  # least mean relative error, in its favour
    return Fresh(
        calibration,
        took,
        timed.costs(genomes, ("latency",))["latency"].astype(np.float64),
        constant * macs,
        measured,
        found.noise(fresh_names),
        float(np.median([found.nanoseconds(digest) / then for digest, then in known.items()])) - 1,
        found.interrupted,
    )


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The value on either side of which lies half the weight."""
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)])


def _others(space: Space, known: set[str], count: int, seed: int) -> Genomes:
    drawn = space.sample(4 * count, rng=np.random.default_rng([seed, 2]))
    kept = [genome for genome in drawn if space.graph(genome).digest() not in known]
    return np.array(kept[:count])


def row_of(space: str, runtime: str, seed: int, one: Fresh) -> tuple[str, ...]:
    """A row of the page: what was found beside what was asked for."""
    error, rank = mean_error(one.predicted, one.measured), rank_correlation(one.predicted, one.measured)
    bar, least = BARS[runtime]
    allowed = max(bar, NOISES * one.noise) if runtime in NOISY else bar
    by_macs = mean_error(one.by_macs, one.measured)
    met = "met" if error <= allowed and rank >= least and error < by_macs else "missed"
    barred = space == JUDGED
    return (
        space,
        runtime,
        f"{seed}",
        f"{error:.1%} (≤ {allowed:.1%})" if barred else f"{error:.1%}",
        f"{rank:.3f} (≥ {least})" if barred else f"{rank:.3f}",
        f"{within(one.predicted, one.measured):.0%} (goal {GOAL:.0%})",
        f"{by_macs:.1%}",
        f"{rank_correlation(one.by_macs, one.measured):.3f}",
        f"{one.noise:.1%}",
        f"{one.drift:+.1%}",
        f"{mean_error(one.predicted * (1 + one.drift), one.measured):.1%}",
        f"{one.calibration.table.quality.held_out_error:.1%}",
        f"{one.seconds:.0f} s",
        met if barred else "none",
    )


def page(results: Results, command: str) -> str:
    """What was found, a row a case and seed."""
    rows, words = [], []
    for (space, runtime), runs in results.items():
        rows += [row_of(space, runtime, seed, one) for seed, one in enumerate(runs)]
        words.append(f"- {space}: {runs[0].calibration.table.device.fingerprint}")
        for seed, one in enumerate(runs):
            remarks = (*one.calibration.remarks, busy(1, one.interrupted))
            words += [f"  - seed {seed}: {word}" for word in remarks if word]
    header = (
        "space|runtime|seed>|mean error (bar)>|Spearman (bar)>|within ±10 %>|macs × constant: error>|Spearman>"
        "|noise floor>|drift>|error but for the drift>|held-out error that the table states>|calibration>|bars"
    )
    count = len(next(iter(results.values()))[0].measured)
    return f"""# Predicted latency against the stopwatch

Written by `{command}`. For each seed a table is calibrated on the space (`nascli latency calibrate`), then {count}
networks that it has not seen, drawn uniformly, are measured, batch 1, one thread. Errors are mean relative errors; the
noise floor is how far two such measurements would differ (by their halves), the drift how much longer the table's
held-out networks took beside them than in the calibration: the machine's own pace, which no table knows; beside it
stands the error of predictions that are told it. The constant of "macs × constant" is the best one for these very
networks. The picture is of `{JUDGED}`.

{markdown(header, rows)}
{chr(10).join(words)}

![Predicted against measured](latency.png)
"""


def picture(results: Results) -> bytes:
    """Predicted against measured in the judged space, a shape and a colour a runtime, all seeds; hollow: by macs."""

    def paint(figure) -> None:
        judged = {runtime: runs for (space, runtime), runs in results.items() if space == JUDGED}
        for number, (runtime, runs) in enumerate(judged.items()):
            axes = figure.add_axes((0.08 + 0.5 * number, 0.13, 0.40, 0.75))
            colour, shape = COLOURS[runtime]
            measured = np.concatenate([one.measured for one in runs]) / 1e6
            predicted, by_macs = (np.concatenate([getattr(one, way) for one in runs]) / 1e6 for way in WAYS)
            ends = np.array([measured.min() * 0.9, measured.max() * 1.1])
            axes.fill_between(ends, ends * 0.9, ends * 1.1, color=RULE, alpha=0.5, linewidth=0)
            axes.plot(ends, ends, color=MUTED, linewidth=1)
            axes.scatter(measured, by_macs, s=22, marker=shape, facecolors="none", edgecolors=MUTED)
            axes.scatter(measured, predicted, s=22, marker=shape, color=colour, linewidths=0, zorder=3)
            axes.set_xlabel("measured (ms)", color=INK)
            axes.set_ylabel("predicted (ms)", color=INK)
            axes.set_title(f"{runtime}: filled by the table, hollow by macs; band ±10 %", fontsize=10, color=INK)

    return render(".png", 760, 380, paint)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=25.0, help="of measuring, for each of the steps")
    parser.add_argument("--seeds", type=int, default=3, help="how many times, each with other networks")
    parser.add_argument("--out", type=Path, default=Path("results"))
    asked = parser.parse_args()
    results = {
        (space, runtime): [
            fresh(search_spaces.load(space), runtime, asked.networks, asked.seconds, seed)
            for seed in range(asked.seeds)
        ]
        for space, runtime in CASES
    }
    told = page(results, "python benchmarks/latency.py")
    write_bytes(asked.out / "latency.png", picture(results))
    write_text(asked.out / "latency.md", told)
    print(told)


if __name__ == "__main__":
    main()
