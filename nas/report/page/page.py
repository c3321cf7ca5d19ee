"""The report of a search: one HTML file that needs nothing else, neither a network nor a script."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from nas.architecture import Architecture
from nas.budget import Budget, human
from nas.errors import NasError
from nas.evaluators import EVALUATORS, Task, named_evaluator
from nas.evaluators.score import Evaluator
from nas.files import document, write_text
from nas.graph import Cost, Graph, cost
from nas.lowering import Description
from nas.networks import Network
from nas.report.page.record import FinishedSearch
from nas.report.page.schema import Record
from nas.study.result import Study, Trial

REPORT = "nascli.report/1"
WINNER = "best"  # the name that a record has for it among its finalists
ASKED = {"microseconds": 5000, "milliseconds": 250}  # networks of one climb, by what the evaluator says of its speed


class Family(Protocol):
    """A network scaled to several budgets, as `scaling.family` makes it."""

    def rows(self) -> list[dict[str, Any]]:
        """What `nas.report.tables.family_table` shows."""
        ...

    def remarks(self) -> list[str]:
        """The rule, and why a member is not nearer to its budget."""
        ...

    def picture(self, suffix: str) -> bytes:
        """Its members in front of published families."""
        ...


FamilyOf = Callable[[Network], Family]


class Page:
    """What the sections read: a finished search, and its scaled family or why there is none."""

    def __init__(self, search: FinishedSearch, family: Family | str) -> None:
        self.search, self.family = search, family

    @property
    def record(self) -> Record:
        """What the search wrote of itself."""
        return self.search.record

    @property
    def study(self) -> Study:
        """The search."""
        return self.search.study

    @property
    def best(self) -> Trial:
        """The winner."""
        return self.search.best

    @property
    def metric(self) -> str:
        """What the trials were ranked by at equal scores: "latency" where they have one, else "macs"."""
        return "latency" if "latency" in self.best.costs else "macs"

    @property
    def latency(self) -> str:
        """The winner's latency as it is predicted and, where it was, measured; "" where it played no part."""
        if "latency" not in self.best.costs:
            return ""
        told = f"{human(self.best.costs['latency'], 'latency')} predicted"
        rows = () if self.record.latency is None else self.record.latency.finalists
        measured = [human(one.measured_ns, "latency") for one in rows if one.name == WINNER]
        return f"{told}, {measured[0]} measured" if measured else f"{told}, not measured"

    @property
    def unit(self) -> str:
        """What a score is; "" where the evaluator does not say."""
        told = self.record.score.unit
        return "" if told == "score" else told

    @cached_property
    def architecture(self) -> Description:
        """The winner's table, or its cells."""
        return self.study.architecture(self.best)

    @cached_property
    def graph(self) -> Graph:
        """The winner's graph."""
        return self.study.graph(self.best)

    @cached_property
    def cost(self) -> Cost:
        """What the winner costs."""
        return cost(self.graph)

    @property
    def network(self) -> Network:
        """The winner under its name."""
        return self.study.network(self.best)

    @cached_property
    def base(self) -> Graph:
        """The graph of the space's base, with the space's classes and channels."""
        return self.study.space.base_graph

    @property
    def tables(self) -> tuple[Architecture, Architecture] | None:
        """The winner and the base as tables of stages; None in a space of cells."""
        one, other = self.architecture, self.study.space.reference
        if isinstance(one, Architecture) and isinstance(other, Architecture):
            return one, other
        return None

    @cached_property
    def judge(self) -> Evaluator | None:
        """The study's evaluator, where its name alone makes it and it answers at once.

        A record never names code to run or files to read, so any other stays unasked.
        """
        told = self.record.evaluator
        if told.name not in EVALUATORS or EVALUATORS[told.name].example != told.name:
            return None
        judge = named_evaluator(told.name, Task.of(self.study.space, self.study.budgets))
        return judge if judge.cheap and judge.about.fingerprint == told.fingerprint else None

    @property
    def asks(self) -> int:
        """Of how many networks a climb may have the score while somebody waits for a page; 0 where of none."""
        return 0 if self.judge is None else ASKED.get(EVALUATORS[self.judge.about.name].speed, 0)

    @property
    def untimed(self) -> bool:
        """Whether a budget is of a latency table that is not in the folder."""
        return any(budget.table for budget in self.budgets) and self.study.space.latencies is None

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """Within what was searched."""
        return self.study.budgets


def made(search: FinishedSearch, family: FamilyOf) -> Page:
    """The page of a search; where the winner has no such family, it says why."""
    page = Page(search, "")
    try:
        page.family = family(page.network)
    except NasError as error:
        page.family = str(error)
    return page


def write_report(page: Page, out: Path) -> dict[str, Any]:
    """Write the page to `out`; the contract of `nascli report --json`: which sections it has, and what they lack."""
    from nas.report.page.layout import laid_out

    text, lacking = laid_out(page)
    write_text(out, text)
    told = {"folder": str(page.search.folder), "out": str(out), "bytes": len(text.encode()), "lacking": lacking}
    return document(REPORT, told)
