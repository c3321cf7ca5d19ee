"""Files: bounded reads, atomic writes, and JSON or YAML documents that say what they are."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas.errors import FileError
from nas.version import __version__

LARGEST_FILE = 64 * 2**20  # bytes; a graph of 10,000 nodes is about 2 MB
LARGEST_YAML = 2**20  # bytes; a search space is a few kB
DEEPEST = 40  # nested lists and mappings


def read_text(path: str | Path, largest: int = LARGEST_FILE) -> str:
    """The UTF-8 text of a file of at most `largest` bytes."""
    path = Path(path)
    try:
        if path.stat().st_size > largest:
            raise FileError(f"{path}: larger than {largest:,} bytes; not read")
        with path.open(encoding="utf-8") as file:
            text = file.read(largest + 1)
        if len(text) > largest:  # a device says that it holds nothing
            raise FileError(f"{path}: larger than {largest:,} bytes; not read")
        return text
    except UnicodeDecodeError:
        raise FileError(f"{path}: not a text file (UTF-8)") from None
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None


def check_writable(path: str | Path) -> None:
    """FileError, before the work that ends in a file, where `replacing` could not write it."""
    path = Path(path)
    _check_plain(path)
    try:  # as the file itself will be written: under a name like its own, in the folder or the last that is there
        folder = next(one for one in path.absolute().parents if one.exists())
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror or error}); name another file") from None


def _check_plain(path: Path) -> None:
    if path.exists() and not path.is_file():  # a rename would put a file where a device was
        raise FileError(f"{path}: {'a folder' if path.is_dir() else 'no plain file'}; name a file to write")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A neighbour of `path` to write into, renamed over `path` when the block ends well: a file whole or none."""
    path = Path(path)
    _check_plain(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def remove(path: str | Path) -> None:
    """Remove a file where there is one."""
    try:
        Path(path).unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | Path, text: str) -> None:
    """Write a text file (UTF-8) atomically."""
    write_bytes(path, text.encode())


def document(schema: str, body: dict[str, Any]) -> dict[str, Any]:
    """`body` as a document: with its schema and the version that wrote it in front."""
    return {"schema": schema, "nascli_version": __version__, **body}


def parse_json(text: str, where: str = "document") -> dict[str, Any]:
    """A JSON object, or FileError in one line."""
    value = parse_any_json(text, where)
    if not isinstance(value, dict):
        raise FileError(f"{where}: expected a JSON object, found a {type(value).__name__}")
    return value


def parse_any_json(text: str, where: str = "document") -> Any:
    """Any JSON value, or FileError in one line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        told = error.msg.removesuffix(" at")
        raise FileError(f"{where}: not JSON ({told}, line {error.lineno}); is it cut off?") from None
    except RecursionError:
        raise FileError(f"{where}: nested too deeply") from None
    except ValueError:
        raise FileError(f"{where}: holds a whole number of thousands of digits; not read") from None


def check_schema(value: dict[str, Any], *known: str, where: str = "document") -> str:
    """The document's schema when it is one of the `known`; FileError otherwise."""
    schema = value.get("schema")
    if schema in known:
        return str(schema)
    wrote = f" (written by nascli {value['nascli_version']})" if "nascli_version" in value else ""
    if schema is None:
        raise FileError(f"{where}: names no schema; it must say schema: {' or '.join(known)}")
    raise FileError(f"{where}: schema {schema!r}{wrote} is not known here; this version reads {', '.join(known)}")


def _refuse_twice(node: Any, where: str) -> None:
    """FileError for a key that stands twice in one mapping, of which YAML would silently take the last."""
    children = node.value if isinstance(getattr(node, "value", None), list) else []
    seen: set[str] = set()
    for child in children:
        if not isinstance(child, tuple):
            _refuse_twice(child, where)
            continue
        key, value = child
        if str(key.value) in seen:
            raise FileError(f"{where}: key {key.value!r} stands twice (line {key.start_mark.line + 1})")
        seen.add(str(key.value))
        _refuse_twice(key, where)
        _refuse_twice(value, where)


def parse_yaml(text: str, where: str = "document") -> Any:
    """Plain YAML: no tags that build objects, no anchors or aliases, bounded size and depth."""
    import yaml

    if len(text) > LARGEST_YAML:
        raise FileError(f"{where}: larger than {LARGEST_YAML:,} bytes; not read")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise FileError(f"{where}: anchors and aliases (& and *) are not read; write the value out")
            if (tag := getattr(event, "tag", None)) is not None:
                raise FileError(f"{where}: not YAML that is read here: tags ({tag[:40]}) are not; write the value out")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise FileError(f"{where}: nested more than {DEEPEST} deep")
        _refuse_twice(yaml.compose(text, Loader=yaml.SafeLoader), where)
        return yaml.safe_load(text)
    except FileError:
        raise
    except (ValueError, RecursionError) as error:  # a date such as 2024-99-99, a number of thousands of digits
        raise FileError(f"{where}: not YAML (a value cannot be read: {str(error).partition(';')[0]})") from None
    except yaml.YAMLError as error:
        line = f" at line {mark.line + 1}" if (mark := getattr(error, "problem_mark", None)) else ""
        raise FileError(f"{where}: not YAML ({getattr(error, 'problem', None) or error}{line})") from None
