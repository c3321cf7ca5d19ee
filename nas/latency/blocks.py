"""The distinct blocks of a space: what a table is made of, the most used ones first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from nas.architecture import Architecture
from nas.errors import LatencyError
from nas.graph import Graph, Shape
from nas.latency.table import block_key
from nas.space import SearchSpace, Space
from nas.space.chain import Pricer, State

DRAWS = 50  # networks that tell which blocks are used most


@dataclass
class Recorder:
    """A clock that notes which blocks it is asked for; each takes no time."""

    offset: int = 0
    seen: dict[str, tuple[Graph, Shape]] = field(default_factory=dict)

    def price(self, graph: Graph, shape: Shape) -> int:
        """Note a block."""
        self.seen.setdefault(block_key(graph, shape), (graph, shape))
        return 0


@dataclass
class _Counting:
    offset: int = 0
    uses: Counter[str] = field(default_factory=Counter)

    def price(self, graph: Graph, shape: Shape) -> int:
        self.uses[block_key(graph, shape)] += 1
        return 0


def blocks_of(space: Space) -> dict[str, tuple[Graph, Shape]]:
    """The distinct blocks of the space's networks by key, at the sizes at which they occur: (graph, shape of input)."""
    if not isinstance(space, SearchSpace):
        raise LatencyError(
            f"{space.name} is a space of cells, of which no latency table can be made: take a space of stages, such as "
            f"efficientnet, or search {space.name} under a budget of macs, such as 400M-macs"
        )
    recorder = Recorder()
    space.priced(recorder)
    return recorder.seen


def most_used(space: SearchSpace, keys: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """The `count` blocks that random networks have most often, ties in the order of the space."""
    if len(keys) <= count:
        return keys
    counter = _Counting()
    for genome in space.sample(DRAWS, rng=rng):  # a pricer asks once for each distinct block
        walked(space.decode(genome), Pricer(space.reference, space.num_classes, space.in_chans, counter))
    return sorted(keys, key=lambda key: -counter.uses[key])[:count]


def walked(architecture: Architecture, pricer: Pricer) -> int:
    """The sum of a clock's prices over a network in ns, its offset included: what the space's links sum up."""
    total = pricer.stem(architecture.resolution)
    for row in architecture.stages:
        total = total.then(pricer.stage(row, State(total.channels, total.size)))
    return total.then(pricer.head(State(total.channels, total.size))).latency
