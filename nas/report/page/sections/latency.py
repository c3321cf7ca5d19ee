"""Predicted against measured latency, where the search has measured its finalists."""

from __future__ import annotations

from nas.budget import human
from nas.report.page.html import Html, missing, note, paragraph, table
from nas.report.page.page import WINNER, Page
from nas.report.page.schema import Latency, Timed
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
    off = f"held-out networks were {100 * told.held_out_error:.1f} % off in the mean when it was made"
    body = [paragraph(f"Predicted by a table of {told.fingerprint} (digest {told.table}); {off}.")]
    if not told.finalists:
        return [*body, missing("The finalists were not measured; the remarks of the search say why.")]
    body.append(paragraph(_measured(told)))
    rows = [_row(page, one) for one in told.finalists]
    body.append(table("network|predicted>|measured>|prediction off>|budget", rows))
    worst = max(abs(one.predicted_ns / one.measured_ns - 1) for one in told.finalists)
    return [*body, note(_verdict(told, worst))]


def _measured(told: Latency) -> str:
    """On what the finalists were measured, and whether that is what the table is of."""
    here = told.measured_on
    if here is None:
        return "Measured at the end of the search; the record does not say on what."
    if here.fingerprint == told.fingerprint:
        return "Measured at the end of the search, on the same."
    return (
        f"Measured at the end of the search on another: {here.fingerprint}. What lies between the two columns is "
        "the difference of the devices too."
    )


def _row(page: Page, one: Timed) -> tuple[object, ...]:
    caps = [budget for budget in page.budgets if budget.metric == "latency"]
    over = [str(budget) for budget in caps if one.measured_ns > budget.high]
    return (
        "winner" if one.name == WINNER else one.name,
        human(one.predicted_ns, "latency"),
        human(one.measured_ns, "latency"),
        percent(one.predicted_ns, one.measured_ns),
        f"over {', '.join(over)}" if over else "within" if caps else "",
    )


def _verdict(told: Latency, worst: float) -> str:
    many = f"the {len(told.finalists)} networks measured" if len(told.finalists) > 1 else "the network measured"
    numbered = any(one.name.startswith("front") for one in told.finalists)
    front = " Those of the front are numbered from the cheapest." if numbered else ""
    return f"Predictions are at most {100 * worst:.1f} % off over {many}, one image at a time.{front}"
