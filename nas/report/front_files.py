"""A search's front as files that every command and `load_network` read, numbered by the rows of front.csv from 1."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from nas.evaluators.score import Score
from nas.files import write_text
from nas.networks import architecture_document

if TYPE_CHECKING:
    from nas.study.result import Study

FRONT = "front"  # their folder


def front_file(row: int) -> str:
    """Where in a search's folder the network of that row of front.csv lies."""
    return f"{FRONT}/{row:03d}.json"


def write_front(study: Study, folder: Path) -> None:
    """Write a file a network of the front, and remove those of an earlier, longer front."""
    space = study.space
    for row, trial in enumerate(study.front, start=1):
        name = f"{space.name}_front_{row:03d}"
        known = {"space": space.name, "score_unit": study.about.unit, **score_row(trial.score), **trial.costs}
        told = architecture_document(name, study.architecture(trial), space.num_classes, space.in_chans, **known)
        write_text(folder / front_file(row), json.dumps(told, indent=1))
    for row in count(len(study.front) + 1):
        if not (stale := folder / front_file(row)).is_file():
            break
        stale.unlink()


def score_row(score: Score | None) -> dict[str, float | None]:
    """A score as documents and tables of numbers spell it."""
    return {
        k: None if score is None else getattr(score, a)
        for k, a in (("score", "value"), ("low", "low"), ("high", "high"))
    }
