"""An export for people: the files, and how far each is from the source module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nas.report.tables import grid

WEIGHTS = {"randomised": "random", "written": "those written"}


def export_tables(told: Mapping[str, Any]) -> list[object]:
    """What was written, and the largest differences of the outputs at each batch."""
    rows, files = [], []
    for one in told["artefacts"]:
        for kind, name in WEIGHTS.items():
            for found in one[kind] or ():
                off = (f"{found['largest']:.2g}", f"{found['relative']:.2g}", f"{one['tolerance']:g}")
                rows.append((one["exporter"], name, found["batch"], *off))
        files += [(name, one["exporter"], size) for name, size in one["files"].items()]
    note = "each file was opened again: differences of its outputs from the source module's, also over the largest one"
    hint = "; --weights FILE takes trained ones" if told["weights"].startswith("untrained") else ""
    return [
        grid("file|exporter|bytes>", files),
        "",
        grid("exporter|weights|images>|difference>|relative>|allowed>", rows),
        note,
        f"weights: {told['weights']}{hint}",
        f"wrote {told['folder']}",
    ]
