"""What people read on a terminal: rich tables from the same data as the JSON documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.table import Table

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.budget import human
from nas.evaluators.score import Score
from nas.graph import Cost

MACS_NOTE = "macs: multiply-adds of one image, what papers and budgets call FLOPs"


def grid(header: str, rows: Iterable[Sequence[Any]], title: str | None = None) -> Table:
    """A plain table; columns whose header ends in > are right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in header.split("|"):
        table.add_column(name.rstrip(">"), justify="right" if name.endswith(">") else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return table


def markdown(header: str, rows: Iterable[Sequence[Any]]) -> str:
    """The same in Markdown, a line a row."""
    names = header.split("|")
    marks = ["--:" if name.endswith(">") else ":--" for name in names]
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in ([name.rstrip(">") for name in names], marks, *cells))


def score_row(score: Score | None) -> dict[str, float | None]:
    """A score as documents and tables of numbers spell it."""
    return {
        k: None if score is None else getattr(score, a)
        for k, a in (("score", "value"), ("low", "low"), ("high", "high"))
    }


def stage_table(architecture: Architecture) -> Table:
    """An architecture as its paper would print it."""
    columns = list(dict.fromkeys(c for row in architecture.stages for c in type(row).model_fields if _told(row, c)))
    rows = []
    for number, row in enumerate(architecture.stages, start=1):
        values = row.model_dump()
        rows.append([str(number), *(_cell(values.get(column, "")) for column in columns)])
    size, head = architecture.resolution, architecture.head
    wide = " ".join(str(getattr(head, column)) for column in head.widths if getattr(head, column))
    stem = architecture.stem.channels if architecture.stem.widths else "none"
    title = f"{size}×{size} · stem {stem} · head {wide or 'pooled'}"
    return grid("|".join(["stage>", *(c if c == "block" else f"{c}>" for c in columns)]), rows, title)


def _told(row: Stage, column: str) -> bool:
    """Whether a column tells something of this row: not an option left at its 0, 1 or no."""
    field = type(row).model_fields[column]
    return column in Stage.model_fields or getattr(row, column) != field.default or field.default not in (0, 1)


def cost_table(rows: Mapping[str, Cost]) -> Table:
    """Costs side by side."""
    return grid(
        "network|input>|params>|macs>|activations>|peak memory>|with weights>",
        [
            (
                name,
                "×".join(map(str, total.input_shape)),
                total.params,
                total.macs,
                total.activations,
                human(total.peak_memory_bytes, "memory"),
                human(total.memory, "memory"),
            )
            for name, total in rows.items()
        ],
    )


def family_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """The members of a family, one a line."""
    rows = list(rows)
    timed = any("latency" in row for row in rows)
    return grid(
        f"budget|φ>|depth>|width>|px>|params>|macs>|{'latency>|' if timed else ''}off>",
        [
            (
                row["target"],
                f"{row['phi']:.3f}" if not 0 < abs(row["phi"]) < 0.0005 else f"{row['phi']:.0e}",  # just off the base
                f"× {row['depth']:.3f}",
                f"× {row['width']:.3f}",
                row["resolution"],
                row["params"],
                row["macs"],
                *([human(row["latency"], "latency") if "latency" in row else "-"] if timed else []),
                f"{row['off']:+.1%}",
            )
            for row in rows
        ],
    )


def share_table(total: Cost, by: str) -> Table:
    """A cost by stage or by node; nodes that cost nothing are left out."""
    shares = total.by_stage if by == "stage" else total.by_node
    rows = [
        (name or "-", share.params, share.macs, f"{100 * share.macs / max(1, total.macs):.1f} %", share.activations)
        for name, share in shares.items()
        if share.params or share.macs
    ]
    return grid(f"{by}|params>|macs>|of macs>|activations>", rows)


def _cell(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
