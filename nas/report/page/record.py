"""A search's folder as a study again: its record, and the trials of its journal or else of front.csv and ties.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from nas.budget import Budget
from nas.errors import FileError, NasError
from nas.evaluators.score import About, Failure, Score, checked
from nas.files import check_schema, parse_json, read_text
from nas.latency import read_table
from nas.report.folder import LATENCIES, RECORD
from nas.report.page.schema import Record
from nas.space import Space
from nas.space.reading import read_space
from nas.study.reading import read_journal
from nas.study.result import Baseline, Study, Trial
from nas.study.searching import JOURNAL

LISTS = ("front.csv", "ties.csv")
AGAIN = "run the search again"
OTHERS = {"check.json": "nascli evaluator check", "fit.json": "nascli scale fit", "family.json": "nascli scale"}


@dataclass(frozen=True)
class FinishedSearch:
    """A search that has ended. `whole`: the study has all its trials, and not only its front and ties."""

    folder: Path
    record: Record
    study: Study
    settings: Mapping[str, Any]
    whole: bool
    later: int = 0  # trials in the journal that the record does not speak of

    @property
    def best(self) -> Trial:
        """The winner."""
        assert self.study.best is not None  # `read_search` has compared it with the record's
        return self.study.best


def read_search(folder: Path) -> FinishedSearch:
    """The search whose `--out` a folder was; raises FileError in one line for one that is not whole."""
    path = folder / "record.json"
    if not folder.is_dir():
        told = "is no folder" if folder.exists() else "no such folder"
        raise FileError(f"{folder}: {told}; a report needs the folder of `nascli search`")
    if not path.is_file():
        raise FileError(f"{folder}: {_without_record(folder)}")
    text = read_text(path)
    check_schema(parse_json(text, str(path)), RECORD, where=str(path))
    try:
        record = Record.model_validate_json(text)
    except ValidationError as error:
        first, more = error.errors()[0], error.error_count() - 1
        place, others = ".".join(map(str, first["loc"])), f" (and {more} more)" if more else ""
        raise FileError(f"{path}: {place}: {first['msg']}{others}; {AGAIN}") from None
    try:
        space = read_space(record.space_table, "space_table")
        budgets = tuple(Budget.parse(text) for text in record.budgets)
        space, budgets = _timed(folder, record, space, budgets)
    except NasError as error:
        raise FileError(f"{path}: {error}; {AGAIN}") from None
    return _found(folder, record, space, budgets)


def _without_record(folder: Path) -> str:
    """What a folder is that has no record, in words."""
    if (folder / JOURNAL).exists():
        return "holds a search that has not ended (no record.json); run it again to go on"
    of = next((f", but the files of `{command}`" for name, command in OTHERS.items() if (folder / name).is_file()), "")
    return f"holds no record.json of a search{of}; a report needs the folder of `nascli search`"


def _timed(folder: Path, record: Record, space: Space, budgets: tuple[Budget, ...]) -> tuple[Space, tuple[Budget, ...]]:
    """The space with the latency table that the search left in its folder, which its budgets then name too.

    No other file is read: what a record names may be anything.
    """
    path = folder / LATENCIES
    if record.latency is None or not path.is_file():
        return space, budgets
    table = read_table(path)
    if table.digest != record.latency.table:
        raise FileError(f"{LATENCIES} beside it is another table ({table.digest}, not {record.latency.table})")
    return space.timed(table), tuple(replace(b, table=str(path)) if b.table else b for b in budgets)


def _found(folder: Path, record: Record, space: Space, budgets: tuple[Budget, ...]) -> FinishedSearch:
    journal = folder / JOURNAL
    settings: Mapping[str, Any] = {"seed": record.seed, "sampler": record.sampler}
    trials, later = _listed(folder, space), 0
    if whole := journal.is_file():
        found = read_journal(journal, space)
        settings, later = found.settings, max(0, len(found.trials) - record.trials.run)
        trials = found.trials[: record.trials.run]
    quality = About(
        record.evaluator.name,
        record.score.unit,
        record.score.note,
        record.evaluator.quality,
        record.evaluator.fingerprint,
    )
    study = Study(
        space=space,
        budgets=budgets,
        objectives=record.objectives,
        about=quality,
        trials=trials,
        baselines=tuple(Baseline(row.name, row.scored, row.costs, row.note) for row in record.baselines),
        seconds=record.seconds,
        remarks=record.remarks,
        resumed=record.resumed,
        exhausted=record.exhausted,
        out=folder,
    )
    if not study.scored:
        raise FileError(f"{folder}: holds no scored trial, neither in {JOURNAL} nor in {' and '.join(LISTS)}; {AGAIN}")
    if study.best is None or study.graph(study.best).digest() != record.best.digest:
        source = JOURNAL if whole else LISTS[-1]
        why = "they are of different searches, or the record is an older nascli's"
        raise FileError(f"{folder}: record.json and {source} name different winners: {why}; {AGAIN}")
    return FinishedSearch(folder, record, study, settings, whole, later)


def _listed(folder: Path, space: Space) -> tuple[Trial, ...]:
    """The trials that front.csv and ties.csv have, each once; none where the files are not there."""
    found: dict[bytes, Trial] = {}
    for path in (folder / name for name in LISTS):
        if not path.is_file():
            continue
        try:
            for row in csv.DictReader(io.StringIO(read_text(path))):
                trial = _trial(len(found), row, space)
                found.setdefault(trial.genome.tobytes(), trial)
        except (KeyError, ValueError, TypeError, csv.Error):  # a FileError is a ValueError too, of reading
            raise FileError(f"{path} is damaged: it is no table of networks of {space.name}") from None
    return tuple(found.values())


def _trial(number: int, row: Mapping[str, str], space: Space) -> Trial:
    """A row of score, costs and choices; raises for anything else."""
    codes = [list(map(str, values)).index(row[slot]) for slot, values in space.choices.items()]
    genome = space.checked(np.array(codes, dtype=np.int8))[0]
    low, high = (float(row[key]) if row[key] else None for key in ("low", "high"))
    score = checked(Score(float(row["score"]), low, high))
    latency = {"latency": int(row["latency"])} if row.get("latency") else {}
    if isinstance(score, Failure):
        raise FileError(score.reason)
    return Trial(number, genome, space.cost(genome) | latency, score)
