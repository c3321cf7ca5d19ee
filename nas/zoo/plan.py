"""Networks that no table of stages holds: a function that lowers the graph in the words of recipes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from nas.blocks.recipe import Habits, Recipe, Value
from nas.cells import PARTS, CellNames, CellNetwork, lower_into
from nas.graph import Graph
from nas.naming import Verbatim

HABITS = Habits()
Lower = Callable[[Recipe, Value, int, float], Value | list[Value]]


@dataclass(frozen=True)
class Plan:
    """What lowers a network, and its habits.

    `lower(build, image, num_classes, dropout)` adds the nodes and returns the output, or a list: the output, then those
    of auxiliary classifiers; `num_classes` 0 leaves out every classifier. Its roles are the oracle's module names;
    `parts` says how the oracle calls the parts of a group ("conv": "conv", "norm": "bn"). `num_classes` and `in_chans`
    are those of the published network. `cells` describes a network of repeated cells, which a space may have as base.
    """

    lower: Lower
    resolution: int
    num_classes: int = 1000
    in_chans: int = 3
    dropout: float = 0.0
    habits: Habits = HABITS
    parts: Mapping[str, str] = field(default_factory=dict)
    init: str = "default"
    taps: Literal["last", "first"] = "last"
    cells: CellNetwork | None = None

    def graph(self, num_classes: int, in_chans: int, *, dropout: float | None = None, name: str = "") -> Graph:
        """The graph for images of `in_chans` × resolution × resolution."""
        build = Recipe((in_chans, self.resolution, self.resolution), self.habits, Verbatim(self.parts))
        out = self.lower(build, build.input, num_classes, self.dropout if dropout is None else dropout)
        return build.graph(out if isinstance(out, list) else [out], name=name, init=self.init, taps=self.taps)


def cell_plan(network: CellNetwork, names: CellNames) -> Plan:
    """The plan of a network of cells."""
    return Plan(
        partial(lower_into, network=network, names=names),
        network.resolution,
        dropout=network.dropout,
        habits=network.habits,
        parts=PARTS,
        init="torch",
        cells=network,
    )
