"""A predictor's check for people."""

from __future__ import annotations

from typing import Any

from nas.report.tables import grid


def check_tables(told: dict[str, Any]) -> list[object]:
    """The figures of a check, band by band."""
    lines: list[object] = [
        f"{told['n']:,} rows: Spearman {_shown(told['spearman'])}, Kendall {_shown(told['kendall'])}, "
        f"mean absolute error {told['mae']} points; the 90 % interval covers {told['coverage90']:.1%}, "
        f"among the 5 % best predicted {told['coverage90_best']:.1%}",
    ]
    if folds := told.get("folds"):
        lines.append(f"each row predicted by a fit that had not seen its network ({folds} folds)")
    elif told["used_in_fit"]:
        lines.append(f"{told['used_in_fit']:,} of the rows were used in fitting: these are no held-out figures")
    bands = [
        (f"{b['center_macs'] / 1e6:.0f}M ± 5 %", b["n"], _shown(b["spearman"]), _shown(b["coverage90"]))
        for b in told["bands"]
    ]
    return [*lines, "", grid("macs|rows>|Spearman>|covered>", bands)]


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{figure}"
