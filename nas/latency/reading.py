"""Latency tables as files: read with bounds, written whole, and a warning where they are of another machine."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from nas.errors import FileError, LatencyError, NasError
from nas.files import check_schema, document, parse_json, read_text, write_text
from nas.latency.table import TABLE, LatencyTable
from nas.runtimes import runtime_named

LARGEST = 16 * 2**20  # bytes; 50,000 blocks are 3 MB

logger = logging.getLogger("nascli")


def read_table(path: str | Path) -> LatencyTable:
    """The table of a file; FileError in one line for anything else."""
    path = Path(path)
    try:
        stat = path.stat()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}; `nascli latency calibrate` writes a table") from None
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=16)
def _read(path: Path, changed: int, size: int) -> LatencyTable:
    value = parse_json(read_text(path, LARGEST), str(path))
    check_schema(value, TABLE, where=str(path))
    body = {key: v for key, v in value.items() if key not in ("schema", "nascli_version")}
    try:
        return LatencyTable.model_validate_json(json.dumps(body))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "table"
        message = first["msg"].removeprefix("Value error, ")
        raise FileError(f"{path} is no latency table: {place}: {message}; calibrate again") from None


def write_table(table: LatencyTable, path: Path) -> None:
    """Write the table as one JSON document."""
    write_text(path, json.dumps(document(TABLE, table.model_dump(mode="json")), indent=1))


def stranger(table: LatencyTable) -> str:
    """What makes the table another machine's or version's than this one, naming both; "" where nothing does."""
    told = table.device.fingerprint
    try:
        here = runtime_named(told.runtime).fingerprint(told.threads, told.device)
    except NasError as error:
        return f"the latency table is of {told}, which cannot be measured here: {error}"
    if told == here:
        return ""
    return f"the latency table is of {told}; this is {here}, where networks take other times"


def faulty(table: LatencyTable) -> str:
    """Why a table that was written all the same (--force) is not to go by; "" where nothing speaks against it."""
    found = table.quality.faults
    return f"the latency table is poor: {'; '.join(found)}; calibrate again on a quiet machine" if found else ""


def remarks_of(table: LatencyTable) -> list[str]:
    """What to tell of a table wherever it is read: that it is poor, and that it is another machine's."""
    return [word for word in (faulty(table), stranger(table)) if word]


def warn_of(table: LatencyTable, path: str | Path, space: str = "") -> None:
    """Log one warning, the same one once, where the table of a file is another machine's or version's than this one,
    another space's than `space`, or was written although it is poor."""
    words = remarks_of(table)
    if space and table.space != space:
        words.append(f"its blocks are those of space {table.space}; any other block of {space} follows from features")
    if words:
        _warn(f"{path}: {'; '.join(words)}")


@lru_cache(maxsize=64)
def _warn(text: str) -> None:
    logger.warning("%s", text)


def same_table(paths: Sequence[str]) -> str:
    """The one table that several budgets and objectives name; LatencyError where there are two."""
    known = list(dict.fromkeys(paths))
    if len(known) > 1:
        raise LatencyError(f"latency tables {known[0]} and {known[1]}: a search goes by one table; name the same")
    return known[0]
