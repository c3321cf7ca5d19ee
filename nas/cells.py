"""Networks of repeated cells (NASNet's kind): what a cell is, and how a network of two kinds of them is drawn.

Cells are those of Zoph et al. 2018 (arXiv:1707.07012) and Liu et al. 2018 (arXiv:1712.00559). What the papers leave
open is that of tensorflow/models, research/slim/nets/nasnet; names below a cell are those of timm's nasnet.py and
pnasnet.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from nas.architecture import MOST_BLOCKS
from nas.blocks.recipe import FREE, Habits, Recipe, Value
from nas.blocks.row import Channels, Norm, Repeats, Row, plain_number
from nas.errors import unknown
from nas.graph import Graph, Pair
from nas.graph.ops import Add, AvgPool2d, Concat, MaxPool2d, ZeroPad2d
from nas.naming import Verbatim

INPUTS = 2  # what a cell reads: states 0, the output of the cell before it, and 1, that of the one before that

# The 13 ops of arXiv:1707.07012 §3, with their kernels. Each convolution stands between a ReLU and a norm; a separable
# one is applied twice.
SEPARABLE = {"separable_3x3": 3, "separable_5x5": 5, "separable_7x7": 7}
CONVOLUTIONS: dict[str, tuple[Pair, ...]] = {
    "conv_1x1": ((1, 1),),
    "conv_3x3": ((3, 3),),
    "dilated_3x3": ((3, 3),),
    "conv_1x3_3x1": ((1, 3), (3, 1)),
    "conv_1x7_7x1": ((1, 7), (7, 1)),
}
POOLS = {"average_3x3": 3, "max_3x3": 3, "max_5x5": 5, "max_7x7": 7}
OPERATIONS = ("identity", *SEPARABLE, *CONVOLUTIONS, *POOLS)


class Block(NamedTuple):
    """The sum of two ops, each of one state: an input of the cell, or an earlier block (states 2, 3, …)."""

    left: int
    left_op: str
    right: int
    right_op: str


class Cell(Row):
    """Blocks, and the states that the cell's output joins: `outputs`, or () for those that no block reads."""

    blocks: Annotated[tuple[Block, ...], Field(min_length=1, max_length=64)]
    outputs: Annotated[tuple[int, ...], Field(max_length=66)] = ()

    @model_validator(mode="after")
    def _wired(self) -> Cell:
        for number, (left, left_op, right, right_op) in enumerate(self.blocks):
            for state, op in ((left, left_op), (right, right_op)):
                if op not in OPERATIONS:
                    raise ValueError(unknown("op", op, OPERATIONS))
                if not 0 <= state < INPUTS + number:
                    raise ValueError(f"block {number} reads state {state}; it may read 0 to {INPUTS + number - 1}")
        states = range(INPUTS + len(self.blocks))
        if len(set(self.outputs)) < len(self.outputs) or not set(self.outputs) <= set(states):
            raise ValueError(f"outputs {self.outputs}: give different states from 0 to {states[-1]}")
        if self.outputs and (lost := set(states) - self.read - set(self.outputs)):
            raise ValueError(f"state {min(lost)} is read by no block and is none of the outputs {self.outputs}")
        return self

    @property
    def read(self) -> frozenset[int]:
        """The states that blocks read."""
        return frozenset(state for block in self.blocks for state in (block.left, block.right))

    @property
    def joined(self) -> tuple[int, ...]:
        """The states that the output joins, in order."""
        return self.outputs or tuple(s for s in range(INPUTS + len(self.blocks)) if s not in self.read)


class CellNetwork(Row):
    """Stages of `repeats` normal cells, of `filters` in the first and twice as many in each next, and a reduction cell
    between two of them, which has the filters of the next.

    A convolution to `stem` channels comes first (unpadded where it strides), then `stem_cells` reduction cells, each
    with half the filters of the next. Before the first cell of all stands one map only: with `raw` the cell's state 1
    is that map as it is, else that map behind a convolution, as everywhere else. With `skip` the cell behind a
    reduction cell has the same state 1 as that, else that one's state 0.
    """

    kind: Literal["cells"] = "cells"  # tells its documents from those of an Architecture
    normal: Cell
    reduction: Cell
    filters: Channels
    repeats: Annotated[tuple[Repeats, ...], Field(min_length=1, max_length=16)]
    stem: Channels
    stem_stride: Literal[1, 2] = 2
    stem_cells: Annotated[int, BeforeValidator(plain_number), Field(ge=0, le=8)] = 2
    raw: bool = True
    skip: bool = False
    resolution: Annotated[int, BeforeValidator(plain_number), Field(ge=8, le=2**13)] = 224
    dropout: Annotated[float, BeforeValidator(plain_number), Field(ge=0, lt=1)] = 0.0
    norm: Norm = Norm(eps=1e-3)

    @property
    def habits(self) -> Habits:
        """What its cells share: ReLU and TensorFlow's padding."""
        return Habits(norm=self.norm, padding="same")

    @model_validator(mode="after")
    def _wide_enough(self) -> CellNetwork:
        least = 2 << self.stem_cells  # a map is halved on two paths, of half the filters each
        if self.filters < least:
            raise ValueError(f"filters={self.filters}: must be at least {least} behind {self.stem_cells} stem cells")
        largest = max(len(self.normal.blocks), len(self.reduction.blocks))
        if (blocks := largest * (sum(self.repeats) + self.stem_cells + len(self.repeats))) > MOST_BLOCKS:
            raise ValueError(f"up to {blocks:,} blocks in all, more than {MOST_BLOCKS:,}")
        return self


@dataclass(frozen=True)
class CellNames:
    """How an oracle calls its parts; {} is the number of a cell among those of its name.

    `halved` leads to the two paths that halve an earlier map, below a cell. `first` are the numbers of the first normal
    cells of the stages, where they do not simply count on.
    """

    stem: str = "conv0"
    stem_cell: str = "cell_stem_{}"
    normal: str = "cell_{}"
    reduction: str = "reduction_cell_{}"
    halved: str = "conv_prev_1x1."
    first: tuple[int, ...] = ()


NAMES = CellNames()
PARTS: Mapping[str, str] = {"norm": "bn", "fc": "last_linear"}


class Map(NamedTuple):
    """What a cell reads, and how often cells have halved the image on the way to it."""

    value: Value
    halvings: int


class Step(NamedTuple):
    """One cell of a network."""

    name: str
    kind: Literal["stem", "normal", "reduction"]
    filters: int


def lower_cells(network: CellNetwork, num_classes: int = 1000, in_chans: int = 3, *, name: str = "") -> Graph:
    """The graph of the network for images of `in_chans` × resolution × resolution; `num_classes` 0: no classifier."""
    build = Recipe((in_chans, network.resolution, network.resolution), network.habits, Verbatim(PARTS))
    out = lower_into(build, build.input, num_classes, network.dropout, network=network)
    return build.graph([out], name=name, init="torch")


def lower_into(
    build: Recipe, x: Value, num_classes: int, dropout: float, *, network: CellNetwork, names: CellNames = NAMES
) -> Value:
    """The whole network. A cell that halves the map begins a stage."""
    build.at("stem")
    padding = 0 if network.stem_stride > 1 else None
    x = build.conv_norm(x, names.stem, network.stem, 3, network.stem_stride, padding=padding, width=FREE)
    now, before = Map(x, 0), None if network.raw else Map(x, 0)
    stage, block = (0, 0) if network.stem_cells else (1, 0)
    for step in steps(network, names):
        stage, block = (stage, block) if step.kind == "normal" else (stage + 1, 0)
        build.at(f"stage{stage}", block)
        made = _cell(build, network, step, now, before, f"{step.name}.{names.halved}")
        if not (step.kind == "reduction" and network.skip):
            before = now
        now, block = made, block + 1
    build.at(f"stage{stage}")
    x = build.act(now.value, "act")
    build.at("head")
    return build.classify(build.mean(x), dropout, num_classes)


def steps(network: CellNetwork, names: CellNames = NAMES) -> Iterator[Step]:
    """The cells in running order."""
    for number in range(network.stem_cells):
        yield Step(names.stem_cell.format(number), "stem", network.filters >> network.stem_cells - number)
    count = 0
    for stage, repeats in enumerate(network.repeats):
        if stage:
            together = names.reduction == names.normal
            yield Step(names.reduction.format(count if together else stage - 1), "reduction", network.filters << stage)
            count += together
        count = names.first[stage] if names.first else count
        for number in range(count, count + repeats):
            yield Step(names.normal.format(number), "normal", network.filters << stage)
        count += repeats


def _cell(build: Recipe, network: CellNetwork, step: Step, now: Map, before: Map | None, halved: str) -> Map:
    """A cell behind two maps; `halved` leads to the paths that halve the earlier one where that is larger."""
    strided = step.kind != "normal"
    cell, filters = network.reduction if strided else network.normal, step.filters
    needed = cell.read | set(cell.joined)
    states: dict[int, Value] = {}
    if 0 in needed:
        states[0] = _relu_conv_norm(build, now.value, f"{step.name}.conv_1x1", filters)
    if 1 in needed:
        if before is None:
            states[1] = now.value
        elif before.halvings < now.halvings:
            states[1] = _halved(build, build.act(before.value, f"{halved}act"), halved, filters)
        else:
            states[1] = _relu_conv_norm(build, before.value, f"{step.name}.conv_prev_1x1", filters)
    for number, (left, left_op, right, right_op) in enumerate(cell.blocks):
        name = f"{step.name}.comb_iter_{number}"
        terms = [
            _apply(build, states[state], op, f"{name}_{side}", filters, 2 if strided and state < INPUTS else 1)
            for state, op, side in ((left, left_op, "left"), (right, right_op, "right"))
        ]
        states[INPUTS + number] = build.add(Add(), *terms, name=name)
    for state in set(cell.joined) & set(range(INPUTS)):
        states[state] = _fitted(build, states[state], f"{step.name}.output_{state}", filters, strided)
    joined = build.add(Concat(), *[states[state] for state in cell.joined], name=f"{step.name}.concat")
    return Map(joined, now.halvings + strided)


def _apply(build: Recipe, x: Value, op: str, group: str, filters: int, stride: int) -> Value:
    """One op of OPERATIONS, to `filters` channels."""
    if op in SEPARABLE:
        return _separable(build, x, group, filters, SEPARABLE[op], stride)
    if op in POOLS:
        return _pool(build, x, op, group, filters, stride)
    if op == "identity":
        return x if stride == 1 and x.channels == filters else _relu_conv_norm(build, x, group, filters, stride=stride)
    for number, kernel in enumerate(CONVOLUTIONS[op]):
        dilation = 2 if op.startswith("dilated") else 1
        x = _relu_conv_norm(build, x, f"{group}.{number}", filters, kernel, 1 if number else stride, dilation)
    return x


def _relu_conv_norm(
    build: Recipe, x: Value, group: str, filters: int, kernel: int | Pair = 1, stride: int = 1, dilation: int = 1
) -> Value:
    x = build.act(x, f"{group}.act")
    return build.conv_norm(x, group, filters, kernel, stride, dilation=dilation, width=FREE)


def _separable(build: Recipe, x: Value, group: str, filters: int, kernel: int, stride: int) -> Value:
    """A depthwise and a 1×1 convolution with no norm between them, and once more."""
    for number, step in ((1, stride), (2, 1)):
        name = f"{group}.separable_{number}"
        x = build.act(x, f"{group}.act_{number}")
        x = build.conv(x, f"{name}.depthwise_conv2d", x.channels, kernel, step, groups=x.channels)
        x = build.conv(x, f"{name}.pointwise_conv2d", filters, width=FREE)
        x = build.norm(x, f"{group}.bn_sep_{number}")
    return x


def _pool(build: Recipe, x: Value, op: str, group: str, filters: int, stride: int) -> Value:
    """A pool, and a convolution where that must change the channels."""
    kernel, steps, half = (POOLS[op],) * 2, (stride,) * 2, (POOLS[op] // 2,) * 2
    if op.startswith("max"):
        pool: MaxPool2d | AvgPool2d = MaxPool2d(kernel, steps, "same" if stride > 1 else half)
    elif stride > 1:
        pool = AvgPool2d(kernel, steps, "same")  # counts the padding as zeros: timm does, TensorFlow does not
    else:
        pool = AvgPool2d(kernel, steps, half, count_include_pad=False)
    x = build.add(pool, x, name=f"{group}.pool")
    return x if x.channels == filters else build.conv_norm(x, group, filters, width=FREE)


def _halved(build: Recipe, x: Value, group: str, filters: int) -> Value:
    """Every second pixel on one path, those beside them (down and to the right) on another, half the filters each."""
    moved = build.add(ZeroPad2d((-1, 1, -1, 1)), x, name=f"{group}path_2.pad")
    paths = []
    for number, (value, channels) in enumerate(((x, filters // 2), (moved, filters - filters // 2)), start=1):
        y = build.add(AvgPool2d((1, 1), (2, 2)), value, name=f"{group}path_{number}.avgpool")
        paths.append(build.conv(y, f"{group}path_{number}.conv", channels, width=FREE))
    return build.norm(build.add(Concat(), *paths, name=f"{group}paths"), f"{group}final_path_bn")


def _fitted(build: Recipe, x: Value, group: str, filters: int, strided: bool) -> Value:
    """An input of the cell as part of its output: of the output's size, and of `filters` channels."""
    if strided:
        return _halved(build, x, f"{group}.", filters)
    return x if x.channels == filters else build.conv_norm(x, group, filters, width=FREE)
