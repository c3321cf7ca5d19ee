"""The zoo as lists: its networks, and what `nascli zoo verify` says of them beside their oracles and the brief."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from rich.table import Table

from nas import zoo
from nas.files import document
from nas.graph import Shape
from nas.report.family import Member
from nas.report.tables import MACS_NOTE, grid, markdown
from nas.zoo.published import Figures, figures

ZOO = "nascli.zoo/1"
VERIFY = "nascli.verify/1"


def listed(family: str | None = None) -> list[dict[str, Any]]:
    """Name, family, size, params and macs (of inference) of every network.

    The figures are the published ones, which `checked` and the tests hold equal to ours: building two hundred networks
    takes seconds. A network without any at its own size is built.
    """
    rows = []
    for name in zoo.names(family):
        entry = zoo.entry(name)
        shape = (entry.in_chans, entry.resolution, entry.resolution)
        known = [
            row for row in figures(name, entry) if (row.input_shape, row.num_classes) == (shape, entry.num_classes)
        ]
        params, macs = next(((row.params, row.macs) for row in known if row.params and row.macs), (0, 0))
        if not macs:
            params, macs = NONE.counted(zoo.build(name))
        told = {"params": params, "macs": macs, "input_shape": shape, "oracle": oracle_of(name)}
        rows.append({"name": name, "family": entry.family, **told})
    return rows


def zoo_document(family: str | None = None) -> dict[str, Any]:
    """The contract of `nascli zoo list --json`."""
    return document(ZOO, {"networks": listed(family)})


def zoo_tables(family: str | None = None) -> list[str | Table]:
    """The same for people."""
    rows = [(r["name"], r["family"], r["input_shape"][-1], r["params"], r["macs"], r["oracle"]) for r in listed(family)]
    return [grid("network|family|px>|params>|macs>|equal to", rows), MACS_NOTE]


def published_families() -> dict[str, list[Member]]:
    """Macs and params of the families of three or more networks, fewest macs first."""
    found: dict[str, list[Member]] = {}
    for row in listed():
        found.setdefault(row["family"], []).append(Member(row["name"], float(row["macs"]), float(row["params"])))
    return {
        name: sorted(members, key=lambda member: member.macs) for name, members in found.items() if len(members) > 2
    }


def oracle_of(name: str) -> str:
    """The oracle of an entry in words: library or repository, and model; "none" where there is none."""
    entry = zoo.entry(name)
    library, model = entry.model(name)
    if library == "original":
        return next((row.oracle.removeprefix("orig:") for row in figures(name, entry)), f"the authors' {model}")
    return model if library == "code" else " ".join([library, model]) if library else "none"


def provenance(name: str) -> list[str]:
    """What a network of the zoo equals, or follows where there is nothing to equal."""
    if name not in zoo.names():
        return []
    if (oracle := oracle_of(name)) != "none":
        return [f"equal to: {oracle}"]
    return [f"no oracle; built after: {zoo.entry(name).follows.partition(': ')[2]}"]


class Checked(NamedTuple):
    """One published network beside one row of published figures (None: no such figure)."""

    name: str
    family: str
    oracle: str
    input_shape: Shape
    brief_params: int | None
    brief_rounded: bool
    oracle_params: int | None
    params: int
    oracle_macs: int | None
    macs: int
    cause: str

    @property
    def equal(self) -> bool | None:
        """Whether parameters and macs are the oracle's, as far as it has figures; None where it has none."""
        if self.oracle_params is None:
            return None
        return self.oracle_params == self.params and self.oracle_macs in (None, self.macs)


NONE = Figures("", "", None, None, None, 1000, None, "")


def checked(family: str | None = None) -> list[Checked]:
    """Every network of the zoo (or of one family), built and costed beside each of its published figures."""
    found = []
    for name in zoo.names(family):
        entry = zoo.entry(name)
        for row in figures(name, entry) or [NONE]:
            graph = zoo.build(name, num_classes=None if row is NONE else row.num_classes)
            params, macs = row.counted(graph)
            found.append(
                Checked(
                    name=name if row.num_classes == 1000 else f"{name}, {row.num_classes:,} classes",
                    family=entry.family,
                    oracle=oracle_of(name),
                    input_shape=row.input_shape or graph.input_shape,
                    brief_params=row.brief_params,
                    brief_rounded=row.brief_rounded,
                    oracle_params=row.params,
                    params=params,
                    oracle_macs=row.macs,
                    macs=macs,
                    cause="; ".join(filter(None, [entry.follows.partition(": ")[2], row.cause])),
                )
            )
    return found


def verify_document(found: Iterable[Checked]) -> dict[str, Any]:
    """The contract of `nascli zoo verify --json`."""
    return document(VERIFY, {"networks": [{**row._asdict(), "equal": row.equal} for row in found]})


HEADER = (
    "network|oracle|px>|params: brief>|oracle>|ours>|ours - brief>|ours - oracle>|macs: oracle>|ours>|ours - oracle>"
)


def verify_tables(found: list[Checked]) -> list[str | Table]:
    """The same for people."""
    return [grid(HEADER, map(_cells, found)), "", MACS_NOTE, summary(found)]


def summary(found: list[Checked]) -> str:
    """How many agree, in one sentence; networks that no oracle has are counted apart."""
    with_oracle = [row for row in found if row.oracle_params is not None]
    equal = sum(row.equal is True for row in with_oracle)
    without = f"; {len(found) - len(with_oracle)} without an oracle" if len(found) > len(with_oracle) else ""
    return f"{equal} of {len(with_oracle)} equal to their oracle in parameters and macs{without}"


PAGE = """# The zoo beside its oracles

Written by `nascli zoo verify`; `tests/test_results.py` fails when it is stale.

`params` are trainable parameters with 1000 classes, `macs` multiply-adds of one image at the size given. *Oracle* is
the model of torchvision 0.28, timm 1.0.31 or the paper's own repository (`nas/zoo/published.json`: measured by building
it; `tests/test_oracle.py` loads the weights of torchvision's and timm's and compares outputs). *Brief* is the table of
parameters that this project was asked to reproduce; where it differs from the oracle, the cause stands below.

"""


def verify_page(found: list[Checked]) -> str:
    """The same as a page of Markdown."""
    causes: dict[str, list[str]] = {}
    for row in found:
        if row.cause:
            causes.setdefault(row.cause, []).append(row.name)
    notes = [f"- {', '.join(names)}: {cause}" for cause, names in causes.items()]
    table = markdown(HEADER, map(_cells, found))
    return PAGE + "\n".join(
        [summary(found) + ".", "", table, "## Why the brief differs, and what was built", "", *notes, ""]
    )


def _cells(row: Checked) -> tuple[Any, ...]:
    return (
        row.name,
        row.oracle,
        row.input_shape[-1],
        f"≈ {row.brief_params / 1e6:,.0f}M" if row.brief_params and row.brief_rounded else _shown(row.brief_params),
        _shown(row.oracle_params),
        row.params,
        _less(row.params, None if row.brief_rounded else row.brief_params),
        _less(row.params, row.oracle_params),
        _shown(row.oracle_macs),
        row.macs,
        _less(row.macs, row.oracle_macs),
    )


def _shown(figure: int | None) -> int | str:
    return "-" if figure is None else figure


def _less(ours: int, other: int | None) -> int | str:
    """The difference, where there is something to compare with."""
    return "-" if other is None else f"{ours - other:+,}" if ours != other else 0
