"""Reading a space of either kind from plain data."""

from __future__ import annotations

from typing import Any

from nas.space.cells import CellSpace
from nas.space.coding import Space
from nas.space.space import SearchSpace


def read_space(value: Any, where: str = "space") -> Space:
    """A space from parsed JSON or YAML: of cells where it has a key "cells", else a table.

    Raises SpaceError or FileError in one line.
    """
    kind = CellSpace if isinstance(value, dict) and "cells" in value else SearchSpace
    return kind.read(value, where)
