"""What makes two runs the same study."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.study import StudyDirection

from nas.budget import METRICS, Budget, human
from nas.errors import StudyError, unknown
from nas.evaluators.score import About
from nas.space import Space

SCHEMA = "nascli.study/2"


def settings_of(
    space: Space, budgets: Sequence[Budget], about: About, objectives: Sequence[str], sampler: str, seed: int
) -> dict[str, Any]:
    """The settings that a resumed run must share with the run before it."""
    latencies = {} if space.latencies is None else {"latency_table": space.latencies.digest}
    return {
        "schema": SCHEMA,
        "space": space.name,
        "space_table": hashlib.sha256(space.to_json().encode()).hexdigest()[:16],
        "budgets": sorted(f"{b.low}..{b.high}-{b.metric}" for b in budgets),
        "evaluator": about.name,
        "evaluator_fingerprint": about.fingerprint,
        "objectives": list(objectives),
        "sampler": sampler,
        "seed": seed,
        **latencies,
    }


def check_same(found: Mapping[str, Any], wanted: Mapping[str, Any], where: str) -> None:
    """StudyError in one line when the study that was found is another."""
    if found.get("schema") != wanted["schema"]:
        raise StudyError(f"{where}: schema {found.get('schema')!r} of its study is not {wanted['schema']}, read here")
    changed = [key for key in wanted if found.get(key) != wanted[key]]
    told = [(key.replace("_", " "), _told(key, found.get(key)), _told(key, wanted[key])) for key in changed]
    different = [f"{name} {before} (now {now})" for name, before, now in told]
    if different:
        way_out = "choose another --out or --storage, or delete it"
        raise StudyError(f"{where} holds another study, of {'; '.join(different)}; {way_out}")


def _told(key: str, value: Any) -> str:
    """A setting as people read it: a budget with its unit."""
    if key != "budgets" or not isinstance(value, list):
        return str(value)
    found = [re.fullmatch(r"(\d+)\.\.(\d+)-(\w+)", str(text)) for text in value]
    spans = [[human(int(end), one[3]) for end in one.groups()[:2] if int(end)] for one in found if one]
    return " and ".join("..".join(span) for span in spans) or "none"


def objectives_of(names: Sequence[str]) -> tuple[str, ...]:
    """The objectives, checked: "score" first, then costs to be minimised."""
    known = ["score", *dict.fromkeys(METRICS.values())]
    plain = [METRICS.get(name.partition("@")[0], name) for name in names]
    for name in plain:
        if name not in known:
            raise StudyError(unknown("objective", name, known))
    if "score" not in plain or len(set(plain)) < len(plain):
        raise StudyError(f"objectives {', '.join(names)}: name 'score' and each cost at most once")
    return ("score", *(name for name in plain if name != "score"))


def tables_of(names: Sequence[str], budgets: Sequence[Budget]) -> list[str]:
    """The latency tables that objectives ("latency@table.json") and budgets name."""
    asked = [name.partition("@")[2] for name in names if name.startswith("latency@")]
    return [*filter(None, asked), *(budget.table for budget in budgets if budget.table)]


def directions_of(objectives: Sequence[str]) -> list[StudyDirection]:
    """Scores are maximised, costs minimised."""
    return [StudyDirection.MAXIMIZE if goal == "score" else StudyDirection.MINIMIZE for goal in objectives]
