"""A space of cells: networks of two kinds of cells whose blocks choose what they read and what they do to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from nas import zoo
from nas.architecture import one_line
from nas.blocks.row import Row, plain_number
from nas.cells import INPUTS, OPERATIONS, Block, Cell, CellNetwork, steps
from nas.errors import SpaceError, unknown
from nas.files import check_schema
from nas.space.cell_chain import CellShape, cell_links, rest_link
from nas.space.cell_order import spelled
from nas.space.cell_parts import KINDS, Kind
from nas.space.cell_prices import CellPricer, input_classes
from nas.space.chain import Clock, Link
from nas.space.coding import SCHEMA, Genomes, Space
from nas.space.parts import Part

State: TypeAlias = Annotated[int, BeforeValidator(plain_number), Field(ge=0, le=16)]


def published(name: str) -> CellNetwork:
    """A network of cells by its name in the zoo; raises ArchitectureError or SpaceError in one line."""
    plan = zoo.entry(name).plan
    if plan is None or plan.cells is None:
        known = [one for one, entry in zoo.ENTRIES.items() if entry.plan and entry.plan.cells]
        raise SpaceError(f"base {name!r} is no network of cells; the zoo has {', '.join(known)}")
    return plan.cells


class CellChoices(Row):
    """What a kind of cell may be made of: `blocks` blocks, each the sum of two of these `ops` of two states.

    The output joins all states that no block reads, and those of `always` in any case, numbered as in a Cell whose
    blocks are in the order of what they read.
    """

    ops: Annotated[tuple[str, ...], Field(min_length=1, max_length=len(OPERATIONS))]
    blocks: Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=7)] = 5
    always: Annotated[tuple[State, ...], Field(max_length=9)] = ()

    @field_validator("ops")
    @classmethod
    def _known(cls, ops: tuple[str, ...]) -> tuple[str, ...]:
        for op in ops:
            if op not in OPERATIONS:
                raise SpaceError(unknown("op", op, OPERATIONS))
        if len(set(ops)) < len(ops):
            raise SpaceError(f"an op stands twice in {list(ops)}")
        return ops

    @model_validator(mode="after")
    def _states(self) -> CellChoices:
        if any(state >= INPUTS + self.blocks for state in self.always):
            raise SpaceError(f"always {list(self.always)}: the states are 0 to {INPUTS + self.blocks - 1}")
        if tuple(sorted(set(self.always))) != self.always:
            raise SpaceError(f"always {list(self.always)}: give states in order, each once")
        return self


class CellPair(Row):
    """The choices of both kinds of cells."""

    normal: CellChoices
    reduction: CellChoices


class CellSpace(Space):
    """Networks of two cells. A genome has three slots a block: the two states that it reads, and its op on either.

    `base` gives all that does not vary, an entry of the zoo or a whole description, and is the network that results
    are compared with. Cells are told in one order of their blocks and of a block's halves, whatever order they came
    in; that moves channels of their outputs, and nothing else.
    """

    metrics: ClassVar[tuple[str, ...]] = ("macs", "params", "activations")
    linked: ClassVar[bool] = False
    columns: ClassVar[tuple[str, ...]] = (
        "name", "citation", "base", "cells", "evaluator", "num_classes", "in_chans",
    )  # fmt: skip

    base: str | CellNetwork
    cells: CellPair

    @field_validator("base")
    @classmethod
    def _published(cls, base: str | CellNetwork) -> str | CellNetwork:
        if isinstance(base, str):
            published(base)
        return base

    @model_validator(mode="after")
    def _fillable(self) -> CellSpace:
        for kind in KINDS:
            if not any((step.kind == "normal") == (kind == "normal") for step in steps(self.reference)):
                raise SpaceError(f"the base has no {kind} cell, so there is nothing to choose in one")
            cell_links(self.shape(kind))
        return self

    @classmethod
    def read(cls, value: Any, where: str = "space") -> CellSpace:
        """A space from plain data (parsed JSON or YAML); raises SpaceError or FileError in one line."""
        if not isinstance(value, dict):
            raise SpaceError(f"{where}: expected a mapping with schema, name, base and cells")
        check_schema(value, SCHEMA, where=where)
        body = {key: v for key, v in value.items() if key not in ("schema", "nascli_version")}
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            raise SpaceError(one_line(error, where)) from None

    @cached_property
    def reference(self) -> CellNetwork:
        """The base as a description."""
        return published(self.base) if isinstance(self.base, str) else self.base

    @property
    def base_name(self) -> str:
        return self.base if isinstance(self.base, str) else "base"

    @cached_property
    def _shapes(self) -> dict[Kind, CellShape]:
        told: dict[Kind, CellChoices] = {"normal": self.cells.normal, "reduction": self.cells.reduction}
        return {
            kind: CellShape(one.blocks, one.ops, one.always, input_classes(self.reference, kind))
            for kind, one in told.items()
        }

    def shape(self, kind: Kind) -> CellShape:
        """A kind of cell as the cost tables see it."""
        return self._shapes[kind]

    @cached_property
    def choices(self) -> dict[str, list[object]]:
        """Each slot with its choices: pairs of states by number, ops by name."""
        choices: dict[str, list[object]] = {}
        for kind, _, block in self._blocks():
            shape, place = self.shape(kind), f"{kind}{block + 1}"
            choices[f"{place}.inputs"] = [f"{left}+{right}" for left, right in shape.pairs(block)]
            choices[f"{place}.left_op"] = choices[f"{place}.right_op"] = list(shape.ops)
        return choices

    def _blocks(self) -> Iterator[tuple[Kind, int, int]]:
        """(kind, number among all blocks, number in its cell)."""
        places = [(kind, block) for kind in KINDS for block in range(self.shape(kind).blocks)]
        return ((kind, number, block) for number, (kind, block) in enumerate(places))

    @cached_property
    def parts(self) -> tuple[Part[Any], ...]:
        """Two parts a block: the pair of states that it reads, and the pair of its ops."""
        parts: list[Part[Any]] = []
        for kind, number, block in self._blocks():
            pairs, ops = self.shape(kind).pairs(block), self.shape(kind).ops
            parts.append(Part(pairs, 3 * number, (len(pairs),)))
            parts.append(Part(tuple(product(ops, repeat=2)), 3 * number + 1, (len(ops), len(ops))))
        return tuple(parts)

    def priced(self, clock: Clock | None) -> list[Link]:
        """The links, two a block, then what every network has."""
        ops = {kind: shape.ops for kind, shape in self._shapes.items()}
        blocks = {kind: shape.blocks for kind, shape in self._shapes.items()}
        pricer = CellPricer(self.reference, ops, blocks, self.num_classes, self.in_chans, clock)
        prices = {kind: pricer.cell(kind, shape.widths) for kind, shape in self._shapes.items()}
        return [
            *(link for kind in KINDS for link in cell_links(self.shape(kind), prices[kind])),
            rest_link(pricer.rest),
        ]

    @cached_property
    def size(self) -> int:
        """How many networks there are, exactly: pairs of cells, up to the order of their blocks."""
        return self.shape("normal").size * self.shape("reduction").size

    # -- between genomes and networks ----------------------------------------------------------------

    def _own(self, kind: Kind, codes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The columns of one kind of cell: (n, 2 × its blocks)."""
        normal = 2 * self.shape("normal").blocks
        return codes[:, :normal] if kind == "normal" else codes[:, normal:]

    def canonical(self, codes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The canonical spelling: of the tellings of either cell in order the least (`nas.space.cell_order`)."""
        return np.concatenate([self.shape(kind).canonical(self._own(kind, codes)) for kind in KINDS], axis=1)

    def spelled(self, codes: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether option codes in order (the links know of that) are the least tellings in order."""
        return np.asarray((self.canonical(codes) == codes).all(axis=1))

    def decode(self, genome: Sequence[int] | Genomes) -> CellNetwork:
        """The network of one genome."""
        codes = self.codes(self.checked(genome))[0]
        blocks: dict[Kind, list[Block]] = {kind: [] for kind in KINDS}
        for kind, number, _ in self._blocks():
            (left, right), (left_op, right_op) = (self.parts[i].options[codes[i]] for i in (2 * number, 2 * number + 1))
            blocks[kind].append(Block(left, left_op, right, right_op))
        return self.reference.model_copy(update={str(kind): self._cell(kind, blocks[kind]) for kind in KINDS})

    def _cell(self, kind: Kind, blocks: Sequence[Block]) -> Cell:
        shape = self.shape(kind)
        joined = shape.joined({state for block in blocks for state in (block.left, block.right)})
        return Cell(blocks=tuple(blocks), outputs=joined if shape.always else ())

    def encode(self, architecture: CellNetwork) -> Genomes:
        """The genome of a network: (slots,); raises SpaceError when it is not in the space."""
        if not isinstance(architecture, CellNetwork):
            raise SpaceError(f"not in {self.name}: {type(architecture).__name__}, where a CellNetwork is wanted")
        ours = {str(kind): getattr(self.reference, kind) for kind in KINDS}
        if architecture.model_copy(update=ours) != self.reference:
            raise SpaceError(f"not in {self.name}: its filters, repeats, stem or habits differ from those of the base")
        codes = np.concatenate([self._spelled(kind, getattr(architecture, kind)) for kind in KINDS], axis=1)
        return np.asarray(self.genomes(codes)[0])

    def _spelled(self, kind: Kind, cell: Cell) -> NDArray[np.intp]:
        """The canonical option codes of a cell: (1, 2 × blocks)."""
        shape = self.shape(kind)
        told = shape.told(np.array([self._told(kind, cell)]))
        joined = np.isin(np.arange(INPUTS + shape.blocks), cell.joined)
        found, codes = spelled(told._replace(joined=joined[None]), len(shape.ops), shape.always)
        if not len(found):
            always = " and those that are always joined" if shape.always else ""
            raise SpaceError(
                f"not in {self.name}: its {kind} cell joins other states than those that no block reads{always}"
            )
        return codes

    def _told(self, kind: Kind, cell: Cell) -> list[int]:
        """The option codes of a cell, its blocks as they stand."""
        shape, codes = self.shape(kind), []
        if len(cell.blocks) != shape.blocks:
            raise SpaceError(f"not in {self.name}: its {kind} cell has {len(cell.blocks)} blocks")
        for number, block in enumerate(cell.blocks):
            if strange := {block.left_op, block.right_op} - set(shape.ops):
                raise SpaceError(f"not in {self.name}: {kind}{number + 1}: op {min(strange)!r} is none of its choices")
            (left, left_op), (right, right_op) = sorted(((block.left, block.left_op), (block.right, block.right_op)))
            codes.append(shape.pairs(number).index((left, right)))
            codes.append(shape.ops.index(left_op) * len(shape.ops) + shape.ops.index(right_op))
        return codes
