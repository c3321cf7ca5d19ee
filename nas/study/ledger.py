"""The durable side of a study: trials in an Optuna storage, a journal file or an SQL database.

The sampler works on a study in memory; the ledger keeps what must survive. One worker writes each trial
whole when it is finished. Several workers or processes claim a candidate first: a claim whose process has
died is an orphan, which the next run evaluates, so that it goes on exactly where the last one stopped.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState, create_trial

from nas.errors import StudyError
from nas.study.settings import check_same, directions_of

NOTE = "nascli"  # the one user attribute that holds all we add, so that it is one write


class Ledger:
    """Trials of one study. `shared` storages may be written by other processes too; `claiming` writes claims."""

    def __init__(
        self, storage: BaseStorage, settings: Mapping[str, Any], where: str, *, shared: bool, claiming: bool
    ) -> None:
        self.shared, self._claiming = shared, claiming or shared
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._mine: dict[int, int] = {}  # number in memory -> id in storage, of candidates under evaluation
        self._read: set[int] = set()  # ids of the finished trials that the search knows
        try:
            self._study = optuna.create_study(
                study_name=str(settings["space"]),
                storage=storage,
                directions=directions_of(settings["objectives"]),
                load_if_exists=True,
            )
            found = self._study.user_attrs.get(NOTE)
            empty = not self._study.get_trials(deepcopy=False)
        except Exception as error:  # every backend has its own errors for a file that is no study
            raise StudyError(f"{where}: holds no readable study ({_first_line(error)})") from None
        if found is None and empty:
            self._study.set_user_attr(NOTE, dict(settings))
        else:
            check_same(found or {}, settings, where)

    def news(self) -> list[FrozenTrial]:
        """Finished trials that the search does not know yet, in storage order."""
        trials = [t for t in self._study.get_trials(deepcopy=False) if NOTE in t.user_attrs and t.state.is_finished()]
        fresh = [t for t in trials if t._trial_id not in self._read]
        self._read.update(t._trial_id for t in fresh)
        return fresh

    def orphans(self) -> list[FrozenTrial]:
        """Claims that nobody works on any more; from now on they are this process's."""
        found = []
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state == TrialState.RUNNING and self._is_orphan(trial.user_attrs.get("owner", "")):
                self._mine[trial.number] = trial._trial_id
                found.append(trial)
        return found

    def _is_orphan(self, owner: str) -> bool:
        if not self.shared or owner == self._owner:  # an unshared study is locked: no other process is at work
            return True
        host, _, pid = owner.rpartition(":")
        if host != socket.gethostname() or not pid.isdigit():
            return False
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False

    def claim(self, trial: FrozenTrial, more: Mapping[str, Any] = MappingProxyType({})) -> bool:
        """Reserve a candidate before it is evaluated; False when another process has it already.

        `more` are system attributes that it shall have besides.
        """
        if not self._claiming:
            return True
        storage, study_id = self._study._storage, self._study._study_id
        running = create_trial(
            state=TrialState.RUNNING,
            params=trial.params,
            distributions=trial.distributions,
            system_attrs={**trial.system_attrs, **more},
            user_attrs={"owner": self._owner},
        )
        mine = storage.create_new_trial(study_id, template_trial=running)
        if self.shared:
            earlier = (t for t in storage.get_all_trials(study_id, deepcopy=False) if t._trial_id < mine)
            if any(t.params == trial.params for t in earlier):
                storage.set_trial_state_values(mine, TrialState.FAIL)
                return False
        self._mine[trial.number] = mine
        return True

    def finish(self, trial: FrozenTrial, *, news: bool = False) -> None:
        """Write a finished trial; when this returns, it survives. As `news` it is one that the search does not know."""
        mine = self._mine.pop(trial.number, None)
        if mine is None:
            self._study.add_trial(trial)
            return
        storage = self._study._storage
        storage.set_trial_user_attr(mine, NOTE, trial.user_attrs[NOTE])
        storage.set_trial_state_values(mine, trial.state, trial.values)
        if not news:
            self._read.add(mine)


class Held(JournalFileOpenLock):
    """No lock of the journal's own: who writes it holds the folder.

    Optuna's lock files outlive a process that is killed, and hold up the next one for half a minute or for ever.
    """

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def journal(path: Path, settings: Mapping[str, Any], *, claiming: bool) -> Ledger:
    """A ledger in a journal file: one appended line a trial."""
    _cut_torn_line(path)
    try:
        storage = JournalStorage(JournalFileBackend(str(path), Held(str(path))))
    except Exception as error:  # a journal that was edited or overwritten fails in many ways
        raise StudyError(f"{path} is damaged ({_first_line(error)}); delete it or choose another --out") from None
    return Ledger(storage, settings, str(path.parent), shared=False, claiming=claiming)


def _cut_torn_line(path: Path) -> None:
    """Remove a last line that was being written when its process was killed."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        data = file.read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            file.truncate(whole)


def database(url: str, settings: Mapping[str, Any]) -> Ledger:
    """A ledger in an SQL database (sqlite:///study.db) that several processes may share."""
    from sqlalchemy import event

    storage = _connected(url)
    if url.startswith("sqlite"):

        @event.listens_for(storage.engine, "connect")
        def _fast(connection: Any, _: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")  # a commit is one append, and readers do not block
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA busy_timeout=60000")

        storage.engine.dispose()
    return Ledger(storage, settings, url, shared=True, claiming=True)


def _connected(url: str, attempts: int = 5) -> RDBStorage:
    """The database, its tables made where they are not; two processes may try that at once."""
    try:
        return RDBStorage(url)
    except Exception as error:  # SQLAlchemy and its drivers raise many kinds
        raced = any(sign in str(error) for sign in ("already exists", "UNIQUE constraint", "is locked"))
        if not raced or attempts == 1:
            raise StudyError(f"--storage {url}: {_first_line(error)}") from None
    time.sleep(0.2)
    return _connected(url, attempts - 1)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
