"""A search space in words, numbers and bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas.budget import Budget, human
from nas.files import document
from nas.report.tables import MACS_NOTE, grid
from nas.space import Space
from nas.space.feasible import reach
from nas.space.lint import histogram, slot_choices

SPACE = "nascli.space_summary/1"
BAR = 40


def space_document(space: Space, budgets: Sequence[Budget]) -> dict[str, Any]:
    """The contract of `nascli space show --json`: name, size, slots, and how many are within the budgets."""
    counts, edges = histogram(space, "macs")
    body: dict[str, Any] = {
        "name": space.name,
        "size": space.size,
        "slots": slot_choices(space),
        "citation": space.citation,
        "evaluator": space.evaluator,
        "range": {metric: list(reach(space, metric)) for metric in ("macs", "params")},
        "histogram": {"metric": "macs", "counts": counts.tolist(), "edges": [round(edge) for edge in edges]},
    }
    if budgets:
        count = space.count(budgets)
        body["within"] = {
            "budgets": [str(budget) for budget in budgets],
            "count": int(count),
            "low": count.low,
            "high": count.high,
            "exact": count.exact,
            "share": count / space.size,
        }
    return document(SPACE, body)


def space_tables(space: Space, budgets: Sequence[Budget]) -> list[object]:
    """The same for people."""
    told = space_document(space, budgets)
    lines: list[object] = [f"{space.name}: {space.size:,} distinct architectures", space.citation, ""]
    lines.append(grid("slot|choices", [(slot, ", ".join(map(str, values))) for slot, values in told["slots"].items()]))
    for metric, (low, high) in told["range"].items():
        lines.append(f"{metric}: {human(low, metric)} to {human(high, metric)}")
    if within := told.get("within"):
        number = (
            f"{within['count']:,}"
            if within["exact"]
            else f"about {within['count']:.4g} ({within['low']:.4g} to {within['high']:.4g})"
        )
        lines.append(f"within {' and '.join(within['budgets'])}: {number}, {100 * within['share']:.3g} % of the space")
    counts, edges = told["histogram"]["counts"], told["histogram"]["edges"]
    rows = [
        (human(left, "macs"), "█" * round(BAR * count / max(counts)) or ("▏" if count else ""))
        for count, left in zip(counts, edges, strict=False)
    ]
    return [*lines, "", grid("from>|share of a uniform sample", rows), MACS_NOTE]
