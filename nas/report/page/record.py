"""A search's folder as a study again: its record, and the trials of its journal or else of front.csv and ties.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nas.architecture import one_line
from nas.budget import Budget
from nas.errors import FileError, NasError
from nas.evaluators.score import About, Failure, Score, checked
from nas.files import check_schema, parse_json, read_text
from nas.report.folder import RECORD
from nas.space import Space
from nas.space.reading import read_space
from nas.study.reading import read_journal
from nas.study.result import Baseline, Study, Trial
from nas.study.searching import JOURNAL

Amount = Annotated[int, Field(ge=0, le=2**63)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Told(BaseModel):
    """What a record says; keys that are not read here are let alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Row(_Told):
    """A network's score and costs."""

    digest: str = ""
    name: str = ""
    note: str = ""
    score: Finite | None
    low: Finite | None = None
    high: Finite | None = None
    macs: Amount
    params: Amount
    activations: Amount | None = None
    memory: Amount | None = None
    latency: Amount | None = None

    @property
    def scored(self) -> Score | None:
        """The score; None where the evaluator gave none, or one outside its interval."""
        answer = None if self.score is None else checked(Score(self.score, self.low, self.high))
        return None if isinstance(answer, Failure) else answer

    @property
    def costs(self) -> dict[str, int]:
        """What it costs, by metric."""
        told = {metric: getattr(self, metric) for metric in ("macs", "params", "activations", "memory", "latency")}
        return {metric: amount for metric, amount in told.items() if amount is not None}


class _Evaluator(_Told):
    name: str
    fingerprint: str
    quality: dict[str, Any]


class _Unit(_Told):
    unit: str
    note: str


class _Trials(_Told):
    run: Amount
    feasible: Amount
    failed: Amount
    reasons: dict[str, Amount]


class Timed(_Told):
    """A finalist: what the latency table said of it, and what it took."""

    name: str
    predicted_ns: Annotated[int, Field(gt=0, le=10**15)]
    measured_ns: Annotated[int, Field(gt=0, le=10**15)]


class Latency(_Told):
    """Of what device latencies are, how far the table was off when it was made, and the finalists."""

    table: str
    held_out_error: Finite
    runtime: str
    version: str
    device: str
    processor: str
    threads: Amount
    finalists: tuple[Timed, ...]


class Record(_Told):
    """record.json of a search, as far as a report reads it."""

    nascli_version: str
    command: str
    packages: dict[str, str]
    python: str
    objectives: tuple[str, ...]
    space: str
    budgets: tuple[str, ...]
    evaluator: _Evaluator
    score: _Unit
    best: Row
    tied: Amount
    baselines: tuple[Row, ...]
    trials: _Trials
    remarks: tuple[str, ...]
    agreement: dict[str, Any] | None
    exhausted: bool
    seconds: Finite
    resumed: bool
    space_table: dict[str, Any]
    latency: Latency | None = None
    seed: int | None = None
    sampler: str | None = None


@dataclass(frozen=True)
class Run:
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
        assert self.study.best is not None  # `read_run` has compared it with the record's
        return self.study.best


def read_run(folder: Path) -> Run:
    """The search whose `--out` a folder was; raises FileError in one line for one that is not whole."""
    path = folder / "record.json"
    if not folder.is_dir():
        raise FileError(f"{folder}: no such folder; a report needs the folder of `nascli search`")
    if not path.is_file():
        begun = (folder / JOURNAL).exists()
        way_out = "its search has not ended; run it again to go on" if begun else "it is no folder of `nascli search`"
        raise FileError(f"{folder}: holds no record.json: {way_out}")
    text = read_text(path)
    check_schema(parse_json(text, str(path)), RECORD, where=str(path))
    try:
        record = Record.model_validate_json(text)
    except ValidationError as error:
        raise FileError(one_line(error, f"{path} is no whole record")) from None
    try:
        space = read_space(record.space_table, "space_table")
        budgets = tuple(Budget.parse(text) for text in record.budgets)
    except NasError as error:
        raise FileError(f"{path}: {error}") from None
    return _run(folder, record, space, budgets)


def _run(folder: Path, record: Record, space: Space, budgets: tuple[Budget, ...]) -> Run:
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
    winner = None if study.best is None else study.graph(study.best).digest()
    if winner != record.best.digest:
        source = JOURNAL if whole else "ties.csv"
        raise FileError(f"{folder}: record.json and {source} are of different searches; run the search again")
    return Run(folder, record, study, settings, whole, later)


def _listed(folder: Path, space: Space) -> tuple[Trial, ...]:
    """The trials that front.csv and ties.csv have, each once; none where the files are not there."""
    found: dict[bytes, Trial] = {}
    for path in (folder / "front.csv", folder / "ties.csv"):
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
