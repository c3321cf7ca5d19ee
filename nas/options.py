"""The one grammar for options on the command line: `name` or `name:key=value,key=value`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from nas.errors import NasError, unknown


def parse_option(text: str) -> tuple[str, dict[str, str]]:
    """The name and the values of an option."""
    name, colon, rest = text.partition(":")
    values: dict[str, str] = {}
    for item in rest.split(",") if colon else []:
        key, equals, value = item.partition("=")
        if not (key and equals and value):
            raise NasError(f"option {text!r}: {item!r} is not key=value")
        if key.strip() in values:
            raise NasError(f"option {text!r}: {key.strip()!r} stands twice")
        values[key.strip()] = value.strip()
    return name.strip(), values


def take(values: dict[str, str], known: Collection[str], where: str, nests: Collection[str] = ()) -> dict[str, str]:
    """The values, when every key is known. A key that `nests` has keys of its own behind a dot ("labels.data")."""
    for key in values:
        if key not in known and key.partition(".")[0] not in nests:
            raise NasError(f"{where}: {unknown('key', key, known)}" if known else f"{where} takes no {key!r}")
    return values


def inner(values: Mapping[str, str], name: str) -> dict[str, str]:
    """The values behind `name` and a dot, for the option that `name` names: "labels.data" is its "data"."""
    return {key.removeprefix(f"{name}."): value for key, value in values.items() if key.startswith(f"{name}.")}


def whole(values: Mapping[str, str], key: str, default: int, least: int, most: int, where: str) -> int:
    """The whole number of a key within its bounds; raises NasError in one line for anything else."""
    text = values.get(key, str(default))
    try:
        number = int(text)
    except ValueError:
        raise NasError(f"{where}: {key}={text} is not a whole number") from None
    if not least <= number <= most:
        raise NasError(f"{where}: {key}={text} is out of bounds; it must lie in {least:,} to {most:,}")
    return number
