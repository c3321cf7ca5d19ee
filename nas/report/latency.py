"""Latency tables, benchmarks and the latencies of a search as documents and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nas.budget import TIMES, Budget, human
from nas.files import document
from nas.latency.benchmarking import Benchmark
from nas.latency.finalists import Finalist
from nas.latency.predicting import Prediction, predict
from nas.latency.reading import faulty
from nas.latency.table import LatencyTable
from nas.ranking import value
from nas.report.front_files import front_file
from nas.report.tables import grid
from nas.study.finalists import chosen

if TYPE_CHECKING:
    from nas.study.result import Study

CALIBRATION = "nascli.latency-calibration/1"
PREDICTED = "nascli.latency-prediction/1"
BENCH = "nascli.bench/1"


def table_document(table: LatencyTable, remarks: Sequence[str]) -> dict[str, Any]:
    """The contract of `nascli latency calibrate --json` and `show --json`: all but the blocks, which the file has."""
    body = table.model_dump(mode="json", exclude={"blocks"})
    return document(CALIBRATION, {**body, "blocks": len(table.blocks), "remarks": list(remarks)})


def table_tables(table: LatencyTable, remarks: Sequence[str]) -> list[object]:
    """The same for people."""
    quality, fit = table.quality, table.fit
    rows = [
        (
            "held out" if row.held_out else "fitted",
            row.digest[:8],
            row.macs,
            human(row.measured_ns, "latency"),
            human(row.predicted_ns, "latency"),
            f"{row.predicted_ns / row.measured_ns - 1:+.1%}",
        )
        for row in sorted(table.networks, key=lambda row: (row.held_out, row.measured_ns))
    ]
    held_out = sum(row.held_out for row in table.networks)
    interrupted = "" if quality.interrupted is None else f", {quality.interrupted:.0%} of the samples interrupted"
    checked = ", ".join(f"{kind} {error:.1%}" for kind, error in fit.cross_validated.items())
    return [
        f"{table.space} on {table.device.fingerprint}",
        grid("|network|macs>|measured>|predicted>|off>", rows),
        "",
        f"held-out error {quality.held_out_error:.1%} in the mean of {held_out} networks, {quality.within_tenth:.0%} "
        f"within ±10 %, Spearman {quality.spearman:.3f}; noise floor {quality.noise_floor:.1%} over {quality.rounds} "
        f"rounds{interrupted}",
        f"{len(table.blocks):,} of {table.blocks_in_space:,} distinct blocks measured; whole networks are "
        f"{human(fit.offset_ns, 'latency')} + {fit.scale:.3f} × the sum of {fit.kind} (cross-validated: {checked})",
        f"blocks that were not measured follow from features, which fit those that were to {quality.block_error:.1%}",
        *remarks,
    ]


def predicted_document(table: LatencyTable, found: Mapping[str, Prediction], remarks: Sequence[str]) -> dict[str, Any]:
    """The contract of `nascli latency predict --json`; times in ns."""
    rows = [
        {"network": name, "latency": one.ns, "blocks": one.blocks, "outside": one.outside, "note": one.note}
        for name, one in found.items()
    ]
    about = {"table": table.digest, "held_out_error": table.quality.held_out_error, **table.device.model_dump()}
    return document(PREDICTED, {**about, "networks": rows, "remarks": list(remarks)})


def predicted_tables(table: LatencyTable, found: Mapping[str, Prediction], remarks: Sequence[str]) -> list[object]:
    """The same for people."""
    return [
        grid("network|latency>|", [(name, str(one), one.note) for name, one in found.items()]),
        f"predicted for {table.device.fingerprint}; held-out networks of the table are "
        f"{table.quality.held_out_error:.1%} off in the mean",
        *remarks,
    ]


def bench_document(found: Benchmark) -> dict[str, Any]:
    """The contract of `nascli bench --json`; times in ns."""
    rows = [{"network": row.network, **asdict(row.on), **_times(row)} for row in found.timings]
    return document(
        BENCH, {"timings": rows, "batch": found.batch, "rounds": found.rounds, "remarks": list(found.remarks)}
    )


def _times(row: Any) -> dict[str, int]:
    return {"median_ns": row.median, "low_ns": row.low, "high_ns": row.high}


def bench_tables(found: Benchmark) -> list[object]:
    """The same for people, each beside the first."""
    first = found.timings[0]
    rows = [
        (
            row.network,
            f"{row.on.runtime} {row.on.version}",
            human(row.median, "latency"),
            f"{human(row.low, 'latency')} to {human(row.high, 'latency')}",
            f"{row.median / first.median:.2f}",
        )
        for row in found.timings
    ]
    images = "one image" if found.batch == 1 else f"a batch of {found.batch} images"
    on = "; ".join(dict.fromkeys(str(row.on) for row in found.timings))
    return [
        grid("network|runtime|median>|middle half>|× first>", rows),
        f"{images}, {found.rounds} rounds in turns; {on}",
        *found.remarks,
    ]


# -- of a search ------------------------------------------------------------------------------------------


def latency_told(study: Study) -> dict[str, Any]:
    """Of what device the latencies (ns) are; the finalists' predicted ones beside those measured, and on what."""
    table, found = study.space.latencies, study.finalists
    if table is None:
        return {}
    about = {"table": table.digest, "held_out_error": table.quality.held_out_error, **table.device.model_dump()}
    measured_on = None if found.measured_on is None else asdict(found.measured_on)
    finalists = {"finalists": [asdict(one) for one in found.rows], "measured_on": measured_on}
    return {"latency": {**about, **finalists, "busy": found.busy, "factor": found.factor}}


def finalist_lines(study: Study) -> list[str]:
    """Each finalist in a line, what was amiss with them, and where the winner's prediction comes from; none where
    latency played no part."""
    table = study.space.latencies
    if table is None or study.best is None:
        return []
    found = study.finalists
    lines = [_finalist_line(one, study.budgets) for one in found.rows]
    if found.busy:
        lines.append(f"in measuring the finalists, {found.busy}; the same command measures them again")
    if found.factor is not None:
        lines.append(_factor_line(found.factor, found.measured_on == table.device.fingerprint))
    lines += _way_out(study)
    if note := predict(study.network(study.best), table).note:
        of = "" if table.space == study.space.name else f" (the table is of space {table.space})"
        lines.append(f"best: {note}{of}")
    if found.why:
        lines.append(f"the finalists were not measured: {found.why}")
    return lines


def foreign_lines(study: Study) -> list[str]:
    """What a search warns of at its start: a poor table, and finalists that were measured on something else than it."""
    table, here = study.space.latencies, study.finalists.measured_on
    if table is None:
        return []
    lines = [word] if (word := faulty(table)) else []
    if here is not None and table.device.fingerprint != here:
        lines.append(f"the latency table is of {table.device.fingerprint}; the finalists were measured on {here}")
    return lines


def _factor_line(factor: float, same: bool) -> str:
    """What all finalists have in common."""
    pace = f"{factor:.2f} times slower" if factor > 1 else f"{1 / factor:.2f} times faster"
    word = "slower" if factor > 1 else "faster"
    why = f"the machine is {word} now than when the table was made" if same else f"this machine is the {word} one"
    return f"all finalists measured {pace} than predicted: {why}"


def _way_out(study: Study) -> list[str]:
    """Where the winner measured over its budget: the best finalist within, or the budget that leaves the margin."""
    caps, trials = [budget for budget in study.budgets if budget.metric == "latency"], chosen(study)
    rows = [one for one in study.finalists.rows if one.name in trials]
    if not caps or not rows or rows[0].measured_ns <= (cap := min(caps, key=lambda budget: budget.high)).high:
        return []
    found, table = study.finalists, study.space.latencies
    slowed = found.factor is not None and table is not None and table.device.fingerprint == found.measured_on
    again = "measure again on a quiet machine, or " if found.busy or slowed else ""
    if within := [one for one in rows if one.measured_ns <= cap.high]:
        one = max(within, key=lambda one: value(trials[one.name]))
        trial = trials[one.name]
        row = next(row for row, other in enumerate(study.front, start=1) if other is trial)
        where = "" if study.out is None else f"; {study.out / front_file(row)}"
        about = f"score {value(trial):.2f}, {human(trial.macs, 'macs')}{where}"
        return [f"the winner measured over {cap}: {again}take {one.name} ({about}), the best of those within"]
    less = _less(cap, rows[0].predicted_ns / rows[0].measured_ns)
    return [
        f"none of the search's measured networks is within {cap}: {again}search again under {less}, which leaves the "
        "margin that was measured"
    ]


def _less(budget: Budget, share: float) -> str:
    """The latency budget times `share`, to three digits down, as a command takes it."""
    ends = []
    for end in (budget.low, budget.high) if budget.low else (budget.high,):
        amount = max(1, int(end * share))
        step = 10 ** max(0, len(str(amount)) - 3)
        unit, scale = next((unit, scale) for unit, scale in reversed(TIMES.items()) if amount >= scale)
        ends.append(f"{amount // step * step / scale:g}{unit}")
    return f"{'..'.join(ends)}-latency@{budget.table}"


def _finalist_line(one: Finalist, budgets: Sequence[Budget]) -> str:
    """Predicted, measured, and whether what was measured is within the budgets."""
    over = [budget for budget in budgets if budget.metric == "latency" and one.measured_ns > budget.high]
    verdict = f"; over {over[0]}" if over else ""
    return (
        f"{one.name}: {human(one.predicted_ns, 'latency')} predicted, "
        f"{human(one.measured_ns, 'latency')} measured ({one.off:+.1%}){verdict}"
    )
