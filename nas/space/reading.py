"""Reading a space of either kind from plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nas.space.cells import CellSpace
from nas.space.coding import Space
from nas.space.space import SearchSpace

if TYPE_CHECKING:
    from nas.latency import LatencyTable


def read_space(value: Any, where: str = "space", latencies: LatencyTable | None = None) -> Space:
    """A space from parsed JSON or YAML: of cells where it has a key "cells", else a table; with `latencies` timed.

    Raises SpaceError or FileError in one line.
    """
    kind = CellSpace if isinstance(value, dict) and "cells" in value else SearchSpace
    space = kind.read(value, where)
    return space if latencies is None else space.timed(latencies)
