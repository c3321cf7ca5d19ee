"""A search's front as files that every command and `load_network` read, numbered by the rows of front.csv from 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nas.errors import FileError
from nas.files import remove, write_text
from nas.networks import network_document
from nas.report.tables import score_row
from nas.study.result import Study

FRONT = "front"  # their folder


def front_file(row: int) -> str:
    """Where in a search's folder the network of that row of front.csv lies."""
    return f"{FRONT}/{row:03d}.json"


def check_front(folder: Path) -> None:
    """FileError, before a search, where its front could not be written after it."""
    if (there := folder / FRONT).exists() and not there.is_dir():
        raise FileError(f"{there}: no folder, and the networks of the front go there; move it away")


def write_front(study: Study, folder: Path) -> None:
    """Write a file a network of the front, and remove those of an earlier one."""
    written = set()
    for row, trial in enumerate(study.front, start=1):
        network, path = study.network(trial), folder / front_file(row)
        known: dict[str, Any] = {"digest": network.graph.digest(), **score_row(trial.score), **trial.costs}
        told = network_document(network, space=study.space.name, score_unit=study.about.unit, **known)
        write_text(path, json.dumps(told, indent=1))
        written.add(path)
    for path in (folder / FRONT).glob("*.json"):
        if path.stem.isdecimal() and path not in written:
            remove(path)
