"""A fit of α, β, γ for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas.report.tables import MACS_NOTE, grid

SHOWN = 20


def fit_tables(told: dict[str, Any]) -> list[object]:
    """The chosen triple beside the paper's, the front, and what was not scored."""
    points, chosen = told["points"], told["chosen"]
    failed = [point for point in points if "value" not in point]
    lines: list[object] = []
    if chosen is None:
        lines.append(f"none of {len(points)} triples could be scored")
    else:
        paper = [point for point in points if point.get("paper")]
        lines.append(_table([("chosen", chosen), *(("paper", point) for point in paper)], told["score"]["unit"]))
        tied = {(point["macs"], point["params"], point["value"]) for point in told["ties"]}
        if len(tied) > 1:
            lines.append(f"{len(tied)} networks tie: their intervals cannot tell them apart; chosen is one of few macs")
        lines += ["", _table([("", point) for point in told["front"][:SHOWN]], "front")]
        lines.append(f"{len(points)} triples, {len(points) - len(failed)} scored")
    reasons = sorted({point["reason"] for point in failed})
    lines += [f"not scored ({sum(p['reason'] == r for p in failed)}): {r}" for r in reasons[:5]]
    return [*lines, *([told["score"]["note"]] if told["score"]["note"] else []), MACS_NOTE]


def _table(rows: Sequence[tuple[str, dict[str, Any]]], title: str) -> object:
    cells = [
        (
            name,
            *(f"{point[axis]:.4g}" for axis in ("alpha", "beta", "gamma", "product")),
            "-" if point.get("value") is None else f"{point['value']:.2f}",
            "" if point.get("low") is None else f"{point['low']:.2f} to {point['high']:.2f}",
            point["macs"],
            point["params"],
        )
        for name, point in rows
    ]
    return grid(f"{title}|α>|β>|γ>|α·β²·γ²>|score>|90 % interval>|macs>|params>", cells)
