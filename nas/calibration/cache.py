"""Labels that were paid for, kept for ever: one line of JSON each, by evaluator, network and seed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from nas.errors import FileError
from nas.evaluators.score import About, Failure, Score, checked
from nas.files import read_text

SCHEMA = "nascli.label/1"
SCORES = "zero_cost.jsonl"  # the file of zero-cost scores, beside that of labels
LARGEST = 2**30  # bytes; a line has some 400


class Key(NamedTuple):
    """What a label is of: the evaluator's fingerprint, the digest of the network's graph, the seed."""

    evaluator: str
    digest: str
    seed: int


def default_path() -> Path:
    """labels.jsonl in the user's cache folder ($XDG_CACHE_HOME, else ~/.cache)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nascli" / "labels.jsonl"


def name_of(about: About) -> str:
    """How the cache knows an evaluator: its kind and fingerprint, which say all that its labels depend on.

    The name says too where files lie, and is taken only where there is no fingerprint.
    """
    return f"{about.name.partition(':')[0]} {about.fingerprint}" if about.fingerprint else about.name


class LabelCache:
    """Scores by key: those of the file, if there is one, and those kept since.

    A line is appended by one write, so processes may share the file; a line that was cut off by a full disk is passed
    over. Failures are not kept: what is out of memory today may fit tomorrow.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._kept: dict[Key, Score] = {}
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        for told in kept_lines(path, SCHEMA):
            try:
                score = checked(Score(**told["score"]))
                key = Key(str(told["evaluator"]), str(told["digest"]), int(told["seed"]))
            except (ValueError, KeyError, TypeError):
                continue
            if isinstance(score, Score):
                self._kept[key] = score

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key, ask: Callable[[], Score | Failure]) -> Score | Failure:
        """The label of a key: the kept one, else what `ask` answers, which is kept."""
        if key in self._kept:
            return self._kept[key]
        answer = ask()
        if isinstance(answer, Score):
            self._kept[key] = answer
            if self.path is not None:
                append_line(self.path, {"schema": SCHEMA, **key._asdict(), "score": asdict(answer)})
        return answer


def kept_lines(path: Path, schema: str) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines; FileError where one is of another schema. What is no object is left out."""
    for line in read_text(path, LARGEST).splitlines():
        try:
            told = json.loads(line)
            found = told["schema"]
        except (ValueError, KeyError, TypeError):
            continue
        if found != schema:
            raise FileError(f"{path}: holds {str(found)[:60]!r}; this version reads {schema}")
        yield told


def append_line(path: Path, told: dict[str, Any]) -> None:
    """Append an object to a file of JSON lines, by one write."""
    line = json.dumps(told)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                line = line if file.read(1) == b"\n" else "\n" + line  # the last one was cut off
            os.write(file.fileno(), (line + "\n").encode())
            os.fsync(file.fileno())
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
