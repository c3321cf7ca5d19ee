"""Predicted against measured latency, where the search has measured its finalists."""

from __future__ import annotations

from nas.budget import human
from nas.report.page.html import Html, missing, note, paragraph, table
from nas.report.page.page import Page
from nas.report.page.record import Latency, Timed
from nas.report.page.sections.words import percent


def tell(page: Page) -> list[Html]:
    """The finalists' latencies; what to do where there are none."""
    told = page.record.latency
    if told is None:
        return [
            missing(
                "The record has no latency: none was a budget or an objective. nascli latency calibrate makes a "
                "table of a device, and --budget 8ms-latency@table.json searches under it."
            )
        ]
    where = f"{told.runtime} {told.version} on {told.processor}, {told.device}, {told.threads} thread(s)"
    held = f"held-out networks were {100 * told.held_out_error:.1f} % off in the mean"
    body = [paragraph(f"Predicted by a table of {where} (digest {told.table}); {held} when it was made.")]
    if not told.finalists:
        return [*body, missing("The finalists were not measured; the remarks of the search say why.")]
    rows = [_row(page, one) for one in told.finalists]
    body.append(table("network|predicted>|measured>|prediction off>|budget", rows))
    worst = max(abs(one.predicted_ns / one.measured_ns - 1) for one in told.finalists)
    return [*body, note(_verdict(told, worst))]


def _row(page: Page, one: Timed) -> tuple[object, ...]:
    caps = [budget for budget in page.budgets if budget.metric == "latency"]
    over = [str(budget) for budget in caps if one.measured_ns > budget.high]
    return (
        "winner" if one.name == "best" else one.name,
        human(one.predicted_ns, "latency"),
        human(one.measured_ns, "latency"),
        percent(one.predicted_ns, one.measured_ns),
        f"over {', '.join(over)}" if over else "within" if caps else "",
    )


def _verdict(told: Latency, worst: float) -> str:
    many = f"the {len(told.finalists)} networks measured" if len(told.finalists) > 1 else "the network measured"
    return f"At most {100 * worst:.1f} % off over {many} at the end of the search, one image at a time."
