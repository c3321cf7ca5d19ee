"""Predicting: what a network takes by a table, and how much of that is measured blocks."""

from __future__ import annotations

from dataclasses import dataclass

from nas.budget import human
from nas.cells import CellNetwork
from nas.graph import Graph, Shape
from nas.latency.blocks import walked
from nas.latency.table import LatencyTable
from nas.lowering import Description
from nas.networks import Network


@dataclass(frozen=True)
class Prediction:
    """A network's time in ns. `blocks` are its distinct ones, of which the times of `outside` follow from features,
    because they were not measured or the table goes by features; a bare graph is one block."""

    ns: int
    blocks: int
    outside: int

    @property
    def note(self) -> str:
        """Where the figure comes from, in words."""
        if not self.outside:
            return ""
        if self.outside == self.blocks:
            return "its time follows from features, not from measured blocks of the latency table"
        many = f"{self.outside} of its {self.blocks} distinct blocks"
        return f"{many} are not in the latency table: their times follow from features"

    def __str__(self) -> str:
        return human(self.ns, "latency")


class _Noting:
    """The table as a clock that counts what it does not know."""

    def __init__(self, table: LatencyTable) -> None:
        self._table, self.offset = table, table.offset
        self.asked = self.outside = 0

    def price(self, graph: Graph, shape: Shape) -> int:
        self.asked += 1
        self.outside += not self._table.knows(graph, shape)
        return self._table.price(graph, shape)


def predict(network: Network, table: LatencyTable) -> Prediction:
    """What a network takes at its own image size, as the table says."""
    described, clock = network.described, _Noting(table)
    if described is not None and _of_blocks(described):
        total = walked(described, network.num_classes, network.in_chans, clock)
    else:
        total = table.offset + clock.price(network.graph, network.graph.input_shape)
    outside = clock.outside if table.fit.kind == "blocks" else clock.asked
    return Prediction(total, clock.asked, outside)


def _of_blocks(described: Description) -> bool:
    """Whether it is of cells, or a stage's blocks from the second on are one block."""
    return isinstance(described, CellNetwork) or all(row.uniform for row in described.stages)
