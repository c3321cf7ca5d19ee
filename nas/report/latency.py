"""Latency tables, benchmarks and the latencies of a search as documents and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nas.budget import Budget, human
from nas.files import document
from nas.latency.benchmarking import Benchmark
from nas.latency.finalists import Finalist
from nas.latency.predicting import predict
from nas.latency.table import LatencyTable
from nas.report.tables import grid

if TYPE_CHECKING:
    from nas.study.result import Study

CALIBRATION = "nascli.calibration/1"
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
    checked = ", ".join(f"{kind} {error:.1%}" for kind, error in fit.cross_validated.items())
    return [
        f"{table.space} on {table.device.fingerprint}",
        grid("|network|macs>|measured>|predicted>|off>", rows),
        "",
        f"held-out error {quality.held_out_error:.1%} in the mean of {held_out} networks, {quality.within_tenth:.0%} "
        f"within ±10 %, Spearman {quality.spearman:.3f}; noise floor {quality.noise_floor:.1%} over {quality.rounds} "
        "rounds",
        f"{len(table.blocks):,} of {table.blocks_in_space:,} distinct blocks measured; whole networks are "
        f"{human(fit.offset_ns, 'latency')} + {fit.scale:.3f} × the sum of {fit.kind} (cross-validated: {checked})",
        f"blocks that were not measured follow from features, {quality.block_error:.1%} off on those that were",
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
    return {"latency": {**about, "finalists": [asdict(one) for one in found.rows], "measured_on": measured_on}}


def finalist_lines(study: Study) -> list[str]:
    """Each finalist in a line, and where the winner's prediction comes from; none where latency played no part."""
    table = study.space.latencies
    if table is None or study.best is None:
        return []
    lines = [_finalist_line(one, study.budgets) for one in study.finalists.rows]
    if note := predict(study.network(study.best), table).note:
        of = "" if table.space == study.space.name else f" (the table is of space {table.space})"
        lines.append(f"best: {note}{of}")
    if study.finalists.why:
        lines.append(f"the finalists were not measured: {study.finalists.why}")
    return lines


def foreign_lines(study: Study) -> list[str]:
    """A line where the finalists were measured on something else than the table; a search warns of it at its start."""
    table, here = study.space.latencies, study.finalists.measured_on
    if table is None or here is None or table.device.fingerprint == here:
        return []
    return [f"the latency table is of {table.device.fingerprint}; the finalists were measured on {here}"]


def _finalist_line(one: Finalist, budgets: Sequence[Budget]) -> str:
    """Predicted, measured, and whether what was measured is within the budgets."""
    over = [budget for budget in budgets if budget.metric == "latency" and one.measured_ns > budget.high]
    verdict = f"; over {over[0]}" if over else ""
    return (
        f"{one.name}: {human(one.predicted_ns, 'latency')} predicted, "
        f"{human(one.measured_ns, 'latency')} measured ({one.off:+.1%}){verdict}"
    )
