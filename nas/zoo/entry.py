"""What the zoo holds: a family's name and how to make one of its members."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nas.architecture import Architecture


class Entry(NamedTuple):
    """One published network."""

    family: str
    architecture: Callable[[], Architecture]
