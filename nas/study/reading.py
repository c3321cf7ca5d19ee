"""The trials in a search's folder, read without writing anything: for reports of studies that others may own."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.trial import FrozenTrial

from nas.errors import FileError, NasError
from nas.evaluators.score import Failure, Score, checked
from nas.space import Space
from nas.study.ledger import NOTE
from nas.study.result import Trial
from nas.study.samplers import genome_of

LARGEST = 2**30  # bytes of a journal; 4000 trials of 28 slots take 18 MB


@dataclass(frozen=True)
class Recorded:
    """A study as its journal has it: the settings that a resumed run must share, and the trials in their order."""

    settings: Mapping[str, Any]
    trials: tuple[Trial, ...]


class _Lines(BaseJournalBackend):
    """A journal file that is only read. A last line that is being written, or was cut off, is left out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        with self._path.open("rb") as file:
            for number, line in enumerate(file):
                if number >= log_number_from and line.endswith(b"\n"):
                    yield json.loads(line)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        raise NotImplementedError("a journal that is only read")


def read_journal(path: Path, space: Space) -> Recorded:
    """The study of a journal file, whose trials are genomes of `space`; raises FileError in one line."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    if not path.is_file() or size > LARGEST:
        raise FileError(f"{path}: no file of at most {LARGEST:,} bytes; not read")
    try:
        storage = JournalStorage(_Lines(path))
        (study,) = storage.get_all_studies()
        rows = storage.get_all_trials(study._study_id, deepcopy=False)
        trials = [_trial(row, space) for row in rows if NOTE in row.user_attrs and row.state.is_finished()]
        settings = dict(study.user_attrs[NOTE])
    except Exception as error:  # a journal that was edited or overwritten fails in many ways
        told = str(error) if isinstance(error, NasError) else type(error).__name__
        raise FileError(f"{path} is damaged ({told})") from None
    return Recorded(settings, tuple(Trial(number, *trial) for number, trial in enumerate(trials)))


def _trial(row: FrozenTrial, space: Space) -> tuple[Any, ...]:
    """Genome, costs, score and reason of a trial; raises for what is none of this space."""
    note, genome = row.user_attrs[NOTE], genome_of(row.params, space)
    if genome is None:
        raise FileError(f"trial {row.number} is none of space {space.name}")
    costs = {str(metric): int(amount) for metric, amount in note["costs"].items()}
    score = checked(Score(**note["score"])) if "score" in note else None
    if isinstance(score, Failure) or not all(math.isfinite(amount) and amount >= 0 for amount in costs.values()):
        raise FileError(f"trial {row.number} has no finite score and costs")
    return space.checked(genome)[0], costs, score, str(note.get("reason", ""))
