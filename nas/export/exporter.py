"""What an exporter is: its formats' line, its keys, and what it needs; and what it is given to write."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from nas.errors import ExportError, NasError, unknown
from nas.networks import Network
from nas.options import take

if TYPE_CHECKING:
    from torch import Tensor, nn

Run: TypeAlias = "Callable[[Tensor], Sequence[Tensor]]"  # images -> outputs


@dataclass(frozen=True)
class Source:
    """What is exported: a network, its module with weights (in eval mode), the name that files carry, and options."""

    network: Network
    model: nn.Module
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The network's name in letters that file systems, and Python, take."""
        return identifier(self.network.name)


class Format(Protocol):
    """The functions of an exporter's file."""

    def check(self, network: Network) -> None:
        """Raise ExportError for a network that cannot be expressed."""

    def write(self, source: Source, folder: Path) -> list[Path]:
        """Write the files into `folder`; which were written."""

    def reopen(self, source: Source, folder: Path) -> Run:
        """What `write` left in `folder`, opened by those who will use it: images -> outputs."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """One line on it, the packages that it needs and what pip installs for them, its keys with the values they take,
    and how far its outputs may be off: the largest difference in units of the largest value."""

    about: str
    packages: tuple[str, ...] = ()
    install: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tolerance: float = 1e-4


# What a written file defines, imports or calls by other means.
OWN = (
    *("torch", "timm", "json", "math", "F", "nn", "Tensor", "Path", "OrderedDict", "annotations", "partial"),
    *("read_weights", "build_stages", "load_weights", "load_file", "rounded_down", "register_model", "KEYS", "STAGES"),
)
RESERVED = frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *OWN))


def identifier(name: str) -> str:
    """`name` as a Python identifier that stands for nothing else: whoever writes code writes no other form of it."""
    found = re.sub(r"\W|^(?=\d)", "_", name, flags=re.ASCII)[:100]
    if not re.search("[A-Za-z0-9]", found):
        found = "network"
    return f"{found}_" if found in RESERVED else found


def checked_options(name: str, exporter: Exporter, values: dict[str, str]) -> dict[str, str]:
    """The values of an exporter's keys, each one known; raises NasError in one line."""
    for key, value in take(values, exporter.keys, f"exporter {name}").items():
        if value not in exporter.keys[key]:
            raise NasError(unknown(f"{name}:{key}", value, exporter.keys[key]))
    return values


def format_of(name: str, exporter: Exporter) -> Format:
    """The exporter's file, loaded; ExportError that says what to install where a package is missing."""
    missing = [package for package in exporter.packages if find_spec(package) is None]
    if missing:
        torch = version("torch").partition("+")[0]  # named, since pip would else exchange it for timm's sake
        raise ExportError(
            f"exporter {name} needs {' and '.join(missing)}: pip install {exporter.install} torch=={torch}"
        )
    return cast("Format", import_module(f"nas.export.formats.{name.replace('-', '_')}"))
