"""The sections of a report: one file each, one line here, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nas.report.page.html import Html
from nas.report.page.page import Page
from nas.report.page.sections import (
    asked,
    beside,
    budgets,
    choices,
    evaluator,
    family,
    front,
    latency,
    nudged,
    reproduce,
    winner,
)


class Section(NamedTuple):
    """A section: its title, and what it tells of a page."""

    title: str
    tell: Callable[[Page], list[Html]]


SECTIONS: dict[str, Section] = {
    "search": Section("The search", asked.tell),
    "budgets": Section("Budgets", budgets.tell),
    "front": Section("The front", front.tell),
    "winner": Section("The winner", winner.tell),
    "beside": Section("Beside the base network", beside.tell),
    "choices": Section("Which choices matter", choices.tell),
    "nudged": Section("A tenth more or less", nudged.tell),
    "evaluator": Section("How far to trust the score", evaluator.tell),
    "latency": Section("Latency", latency.tell),
    "family": Section("The scaled family", family.tell),
    "reproduce": Section("How to reproduce", reproduce.tell),
}
