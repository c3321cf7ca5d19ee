"""Evaluators as a list and one by one: what each is, takes, costs and is not."""

from __future__ import annotations

from typing import Any

from nas.errors import EvaluatorError, unknown
from nas.evaluators import EVALUATORS, Task, named_evaluator
from nas.evaluators.score import Member
from nas.files import document
from nas.report.tables import grid

LISTED, SHOWN = "nascli.evaluators/1", "nascli.evaluator/1"


def evaluators_document() -> dict[str, Any]:
    """The contract of `nascli evaluator list --json`."""
    return document(LISTED, {"evaluators": [_row(name, member) for name, member in EVALUATORS.items()]})


def evaluators_tables() -> list[object]:
    """The same for people."""
    rows = [(r["name"], r["unit"], r["speed"] or "-", r["summary"]) for r in evaluators_document()["evaluators"]]
    return [
        grid("evaluator|unit|one takes|what it is", rows),
        "",
        "one takes: an architecture, of the size of EfficientNet-B0, on one core",
        "proxy_score: no label stands behind it; it is no accuracy. Keys and cautions: nascli evaluator show NAME",
    ]


def evaluator_document(name: str) -> dict[str, Any]:
    """The contract of `nascli evaluator show NAME --json`; raises EvaluatorError for an unknown one."""
    if name not in EVALUATORS:
        raise EvaluatorError(unknown("evaluator", name, EVALUATORS))
    member = EVALUATORS[name]
    told = _row(name, member)
    if member.example == name:  # it needs nothing, so it can say more
        about = named_evaluator(name, Task()).about
        told |= {"unit": about.unit, "note": about.note, "quality": about.quality}
    return document(SHOWN, told)


def evaluator_tables(name: str) -> list[object]:
    """The same for people."""
    told = evaluator_document(name)
    lines: list[object] = [f"{name}: {told['summary']}"]
    lines.append(f"unit: {told['unit']}")
    lines += [f"one takes: {told['speed']}"] if told["speed"] else []
    lines += [f"caution: {told['note']}"] if told["note"] else []
    figures = {key: figure for key, figure in told.get("quality", {}).items() if isinstance(figure, (int, float))}
    lines += ["quality: " + ", ".join(f"{key} {figure}" for key, figure in figures.items())] if figures else []
    if told["keys"]:
        lines += ["", grid("key|meaning", told["keys"].items())]
    return [*lines, "", f"--evaluator {told['example']}"]


def _row(name: str, member: Member) -> dict[str, Any]:
    """What a member says of itself without being made."""
    first = next(iter(member.keys.items()), None)
    option = name if not first else f"{name}:{first[0]}=…"
    return {
        "name": name,
        "unit": member.unit,
        "speed": member.speed,
        "summary": member.summary,
        "keys": dict(member.keys),
        "note": member.note,
        "example": member.example or option,
    }
