"""One process at a time in an output folder. The system frees the lock when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nas.errors import FileError, StudyError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder, made where missing; StudyError when another process does, FileError where none may write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise FileError(f"{folder}: cannot be written ({error.strerror}); choose another --out") from None
    try:
        if not _acquire(handle):
            raise StudyError(f"{folder} is in use by another nascli process; wait for it or choose another --out")
        yield
    finally:
        os.close(handle)


def _acquire(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
