"""What the parts of cells cost, read off the graphs of a few whole networks that hold each part once.

There is no second formula: an op's price is the sum of its nodes' costs in all cells of its kind, and what a cell's
output costs its readers is the difference between networks whose cells join more states and fewer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from nas.cells import INPUTS, Block, Cell, CellNetwork, lower_cells, steps
from nas.graph import cost
from nas.graph.costing import Share

Kind = Literal["normal", "reduction"]
Parts: TypeAlias = dict[tuple[str, str], Share]  # (kind of cell, part of it)
KINDS: tuple[Kind, ...] = ("normal", "reduction")

OP, OUTPUT = "comb_iter_", "output_"  # how `nas.cells` calls a block's op, and an input that the output joins


@dataclass(frozen=True)
class CellPrices:
    """What the parts of one kind of cell cost, in all cells of that kind together.

    `op` is that of an op on a state of a class; `width` that of joining so many states, 1 being free: it is in the rest
    of the network; `output` that of joining an input of the cell.
    """

    op: Mapping[tuple[str, int], Share]
    width: Sequence[Share]
    output: Sequence[Share]

    def joined(self, states: Sequence[int]) -> Share:
        """What a cell's output costs when it joins these states."""
        return sum((self.output[state] for state in states if state < INPUTS), self.width[len(states)])


def input_classes(network: CellNetwork, kind: Kind) -> tuple[int, int]:
    """The classes of a cell's two inputs: an op costs the same on states of one class; blocks are of class 0.

    A reduction cell strides over its inputs, and the first cell of all may read a map as it is.
    """
    first: Kind = "reduction" if network.stem_cells else "normal"
    strided = int(kind == "reduction")
    return strided, strided + int(network.raw and kind == first)


class CellPricer:
    """Prices of the cells around a base; `ops` and `blocks` are those that each kind of cell may have."""

    def __init__(
        self, base: CellNetwork, ops: Mapping[Kind, Sequence[str]], blocks: Mapping[Kind, int], classes: int, chans: int
    ) -> None:
        self._base, self._ops, self._blocks = base, ops, blocks
        self._classes, self._chans = classes, chans
        self._kind: dict[str, Kind] = {
            step.name: "normal" if step.kind == "normal" else "reduction" for step in steps(base)
        }

    def cell(self, kind: Kind) -> CellPrices:
        """The prices of one kind of cell."""
        return CellPrices(
            op=self._op_prices(kind),
            width=self._widths(kind),
            output=[self._all_ops[kind, f"{OUTPUT}{state}"] for state in range(INPUTS)],
        )

    @cached_property
    def rest(self) -> Share:
        """What every network of the space has, whose cells join one state."""
        return _without_ops(self._costs({kind: _chain(1, 1) for kind in KINDS}))

    def _op_prices(self, kind: Kind) -> dict[tuple[str, int], Share]:
        """Of each op on each class of states; where two inputs are of one class, either tells it."""
        prices: dict[tuple[str, int], Share] = {}
        for number, side, op, state in _probed(self._ops[kind]):
            place = input_classes(self._base, kind)[state] if state < INPUTS else 0
            prices[op, place] = self._all_ops[kind, f"{OP}{number}_{side}"]
        return prices

    @cached_property
    def _all_ops(self) -> Parts:
        """A network whose cells hold each op on each input and on a block, and join both inputs."""
        cells = {}
        for kind in KINDS:
            ops = self._ops[kind]
            blocks = [Block(0, op, 1, op) for op in ops] + [Block(INPUTS, op, INPUTS, op) for op in ops]
            cells[kind] = Cell(blocks=tuple(blocks), outputs=tuple({*range(INPUTS + len(blocks))} - {INPUTS}))
        return self._costs(cells)

    def _widths(self, kind: Kind) -> list[Share]:
        """What joining 0 (never), 1, 2, … states costs more than joining one."""
        other: Kind = KINDS[1 - KINDS.index(kind)]
        most = INPUTS + self._blocks[kind]
        wholes = [
            _without_ops(self._costs({kind: _chain(most, count), other: _chain(1, 1)})) for count in range(1, most + 1)
        ]
        return [Share(), *(_minus(whole, wholes[0]) for whole in wholes)]

    def _costs(self, cells: Mapping[Kind, Cell]) -> Parts:
        """What the parts of a network cost, of all its cells of a kind together; ("", …) is outside of cells."""
        graph = lower_cells(
            self._base.model_copy(update={str(kind): cell for kind, cell in cells.items()}), self._classes, self._chans
        )
        parts: Parts = defaultdict(Share)
        for name, share in cost(graph).by_node.items():
            cell, *rest = name.split(".", 2)
            parts[self._kind.get(cell, ""), rest[0] if rest else ""] += share
        return parts


def _without_ops(parts: Parts) -> Share:
    return sum((share for (kind, part), share in parts.items() if not (kind and part.startswith(OP))), Share())


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


def _minus(whole: Share, part: Share) -> Share:
    return Share(whole.macs - part.macs, whole.params - part.params, whole.activations - part.activations)
