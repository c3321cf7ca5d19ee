"""What the parts of cells cost, read off the graphs of a few whole networks that hold each part.

There is no second formula: an op's price is the sum of its nodes' costs in all cells of its kind, and what a cell's
output costs, itself and those that read it, is told by networks whose cells join so many states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from nas.cells import INPUTS, Block, Cell, CellNetwork
from nas.graph import cost
from nas.space.cell_parts import KINDS, OP, OUTPUT, CellPart, Form, Kind, parts_of
from nas.space.chain import ADDITIVE, MOST_COST, Clock

Costs: TypeAlias = NDArray[np.int64]  # one for each of ADDITIVE


@dataclass(frozen=True)
class CellPrices:
    """What the parts of one kind of cell cost, in all cells of that kind together.

    `op` is that of an op on a state of a class; `width` that of joining so many states, and of reading them joined;
    `output` that of joining an input of the cell.
    """

    op: Mapping[tuple[str, int], Costs]
    width: Mapping[int, Costs]
    output: Sequence[Costs]

    def joined(self, states: Sequence[int]) -> Costs:
        """What a cell's output costs when it joins these states."""
        return total((self.width[len(states)], *(self.output[state] for state in states if state < INPUTS)))


def input_classes(network: CellNetwork, kind: Kind) -> tuple[int, int]:
    """The classes of a cell's two inputs: an op costs the same on states of one class; blocks are of class 0.

    A reduction cell strides over its inputs, and the first cell of all may read a map as it is.
    """
    first: Kind = "reduction" if network.stem_cells else "normal"
    strided = int(kind == "reduction")
    return strided, strided + int(network.raw and kind == first)


class CellPricer:
    """Prices of the cells around a base, each distinct part costed once; with a `clock` it also times them.

    `ops` and `blocks` are those that each kind of cell may have.
    """

    def __init__(
        self,
        base: CellNetwork,
        ops: Mapping[Kind, Sequence[str]],
        blocks: Mapping[Kind, int],
        classes: int,
        chans: int,
        clock: Clock | None = None,
    ) -> None:
        self._base, self._ops, self._blocks = base, ops, blocks
        self._classes, self._chans, self._clock = classes, chans, clock
        self._price = lru_cache(maxsize=None)(self._costs)

    def cell(self, kind: Kind, widths: Iterable[int]) -> CellPrices:
        """The prices of one kind of cell, which joins one of `widths` numbers of states."""
        return CellPrices(
            op=self._op_prices(kind),
            width={width: self._width(kind, width) for width in widths},
            output=[self._chosen(kind, f"{OUTPUT}{state}") for state in range(INPUTS)],
        )

    @property
    def rest(self) -> Costs:
        """What every network of the space has."""
        parts = self._parts({kind: _chain(self._blocks[kind], 1) for kind in KINDS})
        costs = self._sum(part for part in parts if not part.joined and not part.chosen)
        if self._clock is not None:
            costs[ADDITIVE.index("latency")] += self._clock.offset
        return costs

    def _op_prices(self, kind: Kind) -> dict[tuple[str, int], Costs]:
        """Of each op on each class of states; where two inputs are of one class, either tells it."""
        prices: dict[tuple[str, int], Costs] = {}
        for number, side, op, state in _probed(self._ops[kind]):
            place = input_classes(self._base, kind)[state] if state < INPUTS else 0
            if state < INPUTS or self._blocks[kind] > 1:
                prices[op, place] = self._chosen(kind, f"{OP}{number}_{side}")
        return prices

    def _chosen(self, kind: Kind, name: str) -> Costs:
        return self._sum(part for part in self._all_ops if (part.kind, part.name) == (kind, name))

    @cached_property
    def _all_ops(self) -> list[CellPart]:
        """A network whose cells hold each op on each input and on a block, and join both inputs."""
        cells = {}
        for kind in KINDS:
            ops = self._ops[kind]
            blocks = [Block(0, op, 1, op) for op in ops] + [Block(INPUTS, op, INPUTS, op) for op in ops]
            cells[kind] = Cell(blocks=tuple(blocks), outputs=tuple({*range(INPUTS + len(blocks))} - {INPUTS}))
        return [part for part in self._parts(cells) if part.chosen]

    def _width(self, kind: Kind, width: int) -> Costs:
        other: Kind = KINDS[1 - KINDS.index(kind)]
        parts = self._parts({kind: _chain(width, width), other: _chain(1, 1)})
        return self._sum(part for part in parts if part.joined == kind)

    def _parts(self, cells: Mapping[Kind, Cell]) -> Iterator[CellPart]:
        network = self._base.model_copy(update={str(kind): cell for kind, cell in cells.items()})
        return parts_of(network, self._classes, self._chans)

    def _sum(self, parts: Iterable[CellPart]) -> Costs:
        return total(self._price(part.form) for part in parts)

    def _costs(self, form: Form) -> Costs:
        graph = form.graph
        found = cost(graph)
        latency = 0 if self._clock is None else self._clock.price(graph, form.shape)
        costs = (found.macs, found.params, found.activations, latency)
        return np.array([min(value, MOST_COST) for value in costs], dtype=np.int64)


def total(costs: Iterable[Costs]) -> Costs:
    """The sum of costs, of none 0; MOST_COST where it is more, which no table may have."""
    found = np.zeros(len(ADDITIVE), dtype=np.int64)
    for one in costs:
        found = np.minimum(found + one, MOST_COST)
    return found


def _probed(ops: Sequence[str]) -> Iterator[tuple[int, str, str, int]]:
    """Where `_all_ops` has each op: (block, side, op, state)."""
    for number, op in enumerate(ops):
        yield number, "left", op, 0
        yield number, "right", op, 1
        yield len(ops) + number, "left", op, INPUTS


def _chain(blocks: int, joined: int) -> Cell:
    """A cell whose first block reads both inputs and each other the one before; it joins the last `joined` blocks."""
    chain = [Block(0, "identity", 1, "identity")]
    chain += [Block(state, "identity", state, "identity") for state in range(INPUTS, INPUTS + blocks - 1)]
    return Cell(blocks=tuple(chain), outputs=tuple(range(INPUTS + blocks - joined, INPUTS + blocks)))
