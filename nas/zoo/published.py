"""Published figures: parameters and multiply-adds of each network's oracle, and those of the brief.

`published.json` was measured by building the oracles: torchvision 0.28, timm 1.0.31, or the paper's own repository;
macs are torch's flop counter / 2 with 1000 classes at `macs_input_size`. `measured.json` has what that leaves out,
networks and macs, measured likewise by `tests/reference/measure.py`.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from nas.graph import Graph, Shape, cost
from nas.zoo.entry import Entry

PUBLISHED, MEASURED = (Path(__file__).with_name(name) for name in ("published.json", "measured.json"))


class Figures(NamedTuple):
    """One row: what a table prints (`brief_params`) and what the oracle has. `cause` says why the two differ."""

    title: str
    oracle: str
    params: int | None
    macs: int | None
    input_shape: Shape | None
    num_classes: int
    brief_params: int | None
    cause: str
    brief_rounded: bool = False  # the brief prints 527M, not the count

    def counted(self, graph: Graph) -> tuple[int, int]:
        """(params, macs) of `graph` at this input shape; the macs are of inference, where auxiliary heads rest."""
        return graph.params, cost(graph.cut(), self.input_shape).macs


@lru_cache(maxsize=1)
def rows() -> tuple[Figures, ...]:
    """Every row of the tables."""
    published, more = (json.loads(file.read_text()) for file in (PUBLISHED, MEASURED))
    measured = {row["oracle"]: row for row in more}
    for row in published:
        if row["macs"] is None and row["oracle"] in measured:
            known = measured.pop(row["oracle"])
            row.update(macs=known["macs"], macs_input_size=known["macs_input_size"])
    return tuple(_figures(row) for row in [*published, *measured.values()])


def _figures(row: dict[str, Any]) -> Figures:
    classes = re.search(r"num_classes=(\d+)", row["oracle"] or "")
    return Figures(
        title=row["name"],
        oracle=row["oracle"] or "",
        params=row["params"],
        macs=row["macs"],
        input_shape=tuple(row["macs_input_size"]) if row["macs_input_size"] else None,
        num_classes=int(classes[1]) if classes else 1000,
        brief_params=row.get("brief_params") or round(row.get("brief_params_rounded") or 0) or None,
        cause=row.get("why_brief_differs") or row.get("note") or "",
        brief_rounded=not row.get("brief_params"),
    )


def figures(name: str, entry: Entry) -> list[Figures]:
    """The rows that speak of the entry `name`: of its oracle, or of what it `follows`; none for an entry of our own.

    The figures of another's oracle are not the entry's.
    """
    library, model = entry.model(name)
    if not library:
        found = [row for row in rows() if row.title == entry.follows.partition(":")[0]]
        return [row._replace(oracle="", params=None, macs=None, input_shape=None) for row in found]
    return _by_oracle().get((library, model.removeprefix("tf_")), [])


@lru_cache(maxsize=1)
def _by_oracle() -> dict[tuple[str, str], list[Figures]]:
    """(library, model) -> its rows; timm's tf_ says how a model pads, which costs nothing.

    A setting ("googlenet(aux_logits=True)") is part of the model's name, a remark behind a space is not.
    """
    found = defaultdict(list)
    for row in rows():
        match = re.match(r"(?:torchvision\.models\.|timm:|orig:\S+ )", row.oracle)
        if match and "(no registered entry)" not in row.oracle:
            library = {"torchvision.models.": "torchvision", "timm:": "timm"}.get(match[0], "original")
            model = row.oracle[match.end() :].partition(" ")[0]
            found[library, model.removeprefix("tf_")].append(row)
        else:
            found["code", row.oracle].append(row)
    return dict(found)
