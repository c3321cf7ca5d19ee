"""Evaluators as a list and one by one: what each is, takes, costs and is not."""

from __future__ import annotations

from typing import Any

from nas.errors import EvaluatorError, SpaceNeededError, unknown
from nas.evaluators import EVALUATORS, About, Task, named_evaluator
from nas.evaluators.score import Member
from nas.files import document
from nas.options import parse_option, take
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


def evaluator_document(option: str) -> dict[str, Any]:
    """The contract of `nascli evaluator show OPTION --json`: a name, or a name with values for its keys.

    With values it is made and says of itself what it then is; one that needs a space shows the values as they are.
    Raises EvaluatorError for an unknown name, NasError for values that it does not take.
    """
    name, values = parse_option(option)
    if name not in EVALUATORS:
        raise EvaluatorError(unknown("evaluator", name, EVALUATORS))
    member = EVALUATORS[name]
    take(values, member.keys, f"evaluator {name}", member.nests)
    told = _row(name, member) | ({"values": values} if values else {})
    if values or member.example == name:  # it needs nothing more, so it can say more
        try:
            about = named_evaluator(option, Task()).about
        except SpaceNeededError:
            about = About(option, told["unit"], told["note"])
        told |= {"unit": about.unit, "note": about.note, "quality": about.quality}
        told |= {"example": about.name} if values else {}
    return document(SHOWN, told)


def evaluator_tables(option: str) -> list[object]:
    """The same for people."""
    told = evaluator_document(option)
    lines: list[object] = [f"{told['name']}: {told['summary']}"]
    lines.append(f"unit: {told['unit']}")
    lines += [f"one takes: {told['speed']}"] if told["speed"] else []
    lines += [f"caution: {told['note']}"] if told["note"] else []
    figures = {key: figure for key, figure in told.get("quality", {}).items() if isinstance(figure, (int, float))}
    lines += ["quality: " + ", ".join(f"{key} {figure}" for key, figure in figures.items())] if figures else []
    if values := told.get("values"):
        inner = {key: "of the evaluator that it names" for key in values if key not in told["keys"]}
        rows = [(key, values.get(key, ""), meaning) for key, meaning in {**told["keys"], **inner}.items()]
        lines += ["", grid("key|here|meaning", rows)]
    elif told["keys"]:
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
