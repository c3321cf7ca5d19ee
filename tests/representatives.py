"""One network a family stands for it by default, the one with the fewest parameters; the others are slow tests."""

from __future__ import annotations

from nas import zoo
from nas.zoo.published import figures

PARAMS = {name: min((row.params or 0 for row in figures(name, zoo.entry(name))), default=0) for name in zoo.names()}
REPRESENTATIVES = frozenset(
    min(zoo.names(family), key=lambda name: (PARAMS[name] or 1e12, name)) for family in zoo.families()
)
