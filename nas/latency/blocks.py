"""The distinct blocks of a space: what a table is made of, the most used ones first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from nas.cells import CellNetwork
from nas.graph import Graph, Shape
from nas.latency.table import block_key
from nas.lowering import Description
from nas.space import Space
from nas.space.cell_parts import parts_of
from nas.space.chain import Clock, Pricer, State

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
    recorder = Recorder()
    space.priced(recorder)
    return recorder.seen


def most_used(space: Space, keys: list[str], count: int, rng: np.random.Generator) -> list[str]:
    """The `count` blocks that random networks have most often, ties in the order of the space."""
    if len(keys) <= count:
        return keys
    counter = _Counting()
    for genome in space.sample(DRAWS, rng=rng):
        walked(space.decode(genome), space.num_classes, space.in_chans, counter)
    return sorted(keys, key=lambda key: -counter.uses[key])[:count]


def walked(architecture: Description, num_classes: int, in_chans: int, clock: Clock) -> int:
    """The sum of a clock's prices over a network in ns, its offset included: what a space's links sum up.

    The clock is asked once for each distinct block.
    """
    if isinstance(architecture, CellNetwork):
        forms = Counter(part.form for part in parts_of(architecture, num_classes, in_chans))
        return clock.offset + sum(count * clock.price(form.graph, form.shape) for form, count in forms.items())
    pricer = Pricer(architecture, num_classes, in_chans, clock)
    total = pricer.stem(architecture.resolution)
    for row in architecture.stages:
        total = total.then(pricer.stage(row, State(total.channels, total.size)))
    return total.then(pricer.head(State(total.channels, total.size))).latency
