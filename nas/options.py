"""The one grammar for options on the command line: `name` or `name:key=value,key=value`."""

from __future__ import annotations

from collections.abc import Collection

from nas.errors import NasError, unknown


def parse_option(text: str) -> tuple[str, dict[str, str]]:
    """The name and the values of an option."""
    name, colon, rest = text.partition(":")
    values: dict[str, str] = {}
    for item in rest.split(",") if colon else []:
        key, equals, value = item.partition("=")
        if not (key and equals and value):
            raise NasError(f"option {text!r}: {item!r} is not key=value")
        values[key.strip()] = value.strip()
    return name.strip(), values


def take(values: dict[str, str], known: Collection[str], where: str) -> dict[str, str]:
    """The values, when every key is known."""
    for key in values:
        if key not in known:
            raise NasError(f"{where}: {unknown('key', key, known)}" if known else f"{where} takes no {key!r}")
    return values
