"""The search space: an architecture's table with choices in its cells, and its genomes as arrays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from nas.architecture import MOST_BLOCKS, Architecture, one_line
from nas.blocks import Stage
from nas.blocks.row import Row, plain_number
from nas.budget import Budget, read_budgets
from nas.errors import SpaceError, unknown
from nas.files import check_schema, document
from nas.space.chain import MOST_CELLS, Link, chain, check_cells
from nas.space.choices import StageChoices
from nas.space.costs import METRICS, Price, Walk, walk
from nas.space.parts import Part
from nas.space.spelling import Spelling
from nas.zoo import architecture as published

if TYPE_CHECKING:
    from nas.space.counting import Count

SCHEMA = "nascli.space/1"

Genomes = NDArray[np.int8]
Resolution: TypeAlias = Annotated[int, BeforeValidator(plain_number), Field(ge=8, le=2**13)]


class SearchSpace(Row):
    """A set of distinct architectures. A genome is one row of small integers: which choice, slot by slot.

    `base` gives all that does not vary, and is the network that results are compared with: an entry of
    the zoo or a whole architecture. `resolutions` () means the base's. `evaluator` is the default one
    (None: the user must name one), a built-in one: a table is data, and never names code to run.
    """

    name: str
    citation: str = ""
    base: str | Architecture
    resolutions: Annotated[tuple[Resolution, ...], Field(max_length=100)] = ()
    stages: Annotated[tuple[StageChoices, ...], Field(min_length=1, max_length=64)]
    evaluator: str | None = None
    num_classes: Annotated[int, BeforeValidator(plain_number), Field(ge=0, le=2**20)] = 1000
    in_chans: Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=2**10)] = 3

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
            raise SpaceError(f"{name[:64]!r} is no name; use 1 to 64 letters, digits, _ and -")
        return name

    @field_validator("evaluator")
    @classmethod
    def _built_in(cls, evaluator: str | None) -> str | None:
        if evaluator is not None and (evaluator == "python" or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", evaluator)):
            raise SpaceError(
                f"{evaluator[:64]!r}: a table names a built-in evaluator, such as accel_nasbench; "
                "a function is named where the search begins: --evaluator python:function=module.name"
            )
        return evaluator

    @field_validator("base", mode="before")
    @classmethod
    def _published(cls, base: Any) -> Any:
        """A name must be known, and a table is told what is amiss with it, not that it is no name."""
        if isinstance(base, str):
            published(base)
        return Architecture.read(base) if isinstance(base, dict) else base

    @field_validator("resolutions")
    @classmethod
    def _different(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(sizes)) < len(sizes):
            raise SpaceError(f"a resolution stands twice in {list(sizes)}")
        return sizes

    @field_validator("stages")
    @classmethod
    def _buildable(cls, rows: tuple[StageChoices, ...]) -> tuple[StageChoices, ...]:
        if (combinations := sum(row.combinations for row in rows)) > MOST_CELLS:
            raise SpaceError(f"{combinations:,} rows in all stages, more than {MOST_CELLS:,}; give fewer choices")
        for stage, row in enumerate(rows, start=1):
            try:
                _ = row.rows
            except ValueError as error:
                raise SpaceError(f"stage {stage}: {error}") from None
        deepest = sum(max(row.repeats if row else 0 for row in table.rows) for table in rows)
        if deepest > MOST_BLOCKS:
            raise SpaceError(f"networks of {deepest:,} blocks, more than {MOST_BLOCKS:,}; give fewer repeats")
        return rows

    @model_validator(mode="after")
    def _fillable(self) -> SearchSpace:
        check_cells(self.reference, self.sizes.options, [part.options for part in self.rows], self.repeated)
        return self

    @classmethod
    def read(cls, value: Any, where: str = "space") -> SearchSpace:
        """A space from plain data (parsed JSON or YAML); raises SpaceError or FileError in one line."""
        if not isinstance(value, dict):
            raise SpaceError(f"{where}: expected a mapping with schema, name, base and stages")
        check_schema(value, SCHEMA, where=where)
        body = {key: v for key, v in value.items() if key not in ("schema", "nascli_version")}
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            raise SpaceError(one_line(error, where)) from None

    def to_json(self) -> str:
        """The space as one JSON document: what workers and records receive."""
        return json.dumps(document(SCHEMA, self.model_dump(mode="json")))

    @cached_property
    def reference(self) -> Architecture:
        """The base as an architecture."""
        return published(self.base) if isinstance(self.base, str) else self.base

    @cached_property
    def slots(self) -> dict[str, int]:
        """Slot names and their number of choices, in genome order."""
        slots = {"resolution": len(self.resolutions)} if len(self.resolutions) > 1 else {}
        for number, row in enumerate(self.stages, start=1):
            slots.update({f"stage{number}.{names}": size for names, size in row.slots.items()})
        return slots

    @cached_property
    def sizes(self) -> Part[int]:
        """The first part of a genome: the resolution."""
        spelled = self.resolutions or (self.reference.resolution,)
        return Part(spelled, 0, (len(spelled),) if len(spelled) > 1 else ())

    @cached_property
    def rows(self) -> tuple[Part[Stage | None], ...]:
        """The other parts: one a stage."""
        parts, start = [], len(self.sizes.radix)
        for row in self.stages:
            parts.append(Part(row.rows, start, tuple(row.slots.values())))
            start += len(row.slots)
        return tuple(parts)

    @property
    def parts(self) -> tuple[Part[Any], ...]:
        """All parts of a genome, in order."""
        return (self.sizes, *self.rows)

    @cached_property
    def repeated(self) -> tuple[bool, ...]:
        """For each stage, whether the next one offers the same rows."""
        return (*(left.options == right.options for left, right in pairwise(self.rows)), False)

    @cached_property
    def spelling(self) -> Spelling:
        """The stages as blocks: which options of a stage spell the same."""
        return Spelling(self.reference, [part.options for part in self.rows])

    @cached_property
    def links(self) -> list[Link]:
        """The space as a chain of cost tables: one link a part, then the head."""
        return chain(
            self.reference,
            self.sizes.options,
            [part.options for part in self.rows],
            self.repeated,
            self.spelling,
            num_classes=self.num_classes,
            in_chans=self.in_chans,
        )

    @cached_property
    def _price(self) -> Price:
        return Price(self.links, self.parts)

    @cached_property
    def size(self) -> int:
        """How many architectures there are, exactly.

        They are distinct but where `nas.space.distinct.ambiguity` finds a network that is shared out over the
        stages in several ways: it counts once for each, here and in `count` and `sample`.
        """
        return len(self.sizes.options) * self.spelling.count(self.repeated)

    # -- between genomes, option codes and architectures ---------------------------------------------

    def codes(self, genomes: Genomes) -> NDArray[np.intp]:
        """The option of each part: (n, slots) -> (n, parts)."""
        return np.stack([part.code(genomes) for part in self.parts], axis=1)

    def genomes(self, codes: NDArray[np.intp]) -> Genomes:
        """The genomes of option codes: (n, parts) -> (n, slots)."""
        return np.concatenate([part.choices[codes[:, i]] for i, part in enumerate(self.parts)], axis=1)

    def canonical(self, codes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The canonical spelling: among equal stages that may be left out, those left out come last, and of options
        that spell the same blocks the first."""
        codes = codes.copy()
        for _ in self.rows:
            for i, again in enumerate(self.repeated, start=1):
                if again and None in self.rows[i - 1].options:
                    absent = self.rows[i - 1].options.index(None)
                    swap = (codes[:, i] == absent) & (codes[:, i + 1] != absent)
                    codes[swap, i], codes[swap, i + 1] = codes[swap, i + 1], absent
        if self._spelled_again:
            channels = np.full(len(codes), self.reference.stem.channels)
            for i, part in enumerate(self.rows, start=1):
                for width in np.unique(channels):
                    met = channels == width
                    codes[met, i] = np.array(self.spelling.first(i - 1, int(width)))[codes[met, i]]
                behind = np.array([row.channels if row else 0 for row in part.options])[codes[:, i]]
                channels = np.where(behind > 0, behind, channels)
        return codes

    @cached_property
    def _spelled_again(self) -> bool:
        return bool(self.spelling.again())

    def checked(self, genomes: Any) -> Genomes:
        """`genomes` as an (n, slots) int8 array; raises SpaceError when they are none of this space."""
        array = np.atleast_2d(np.asarray(genomes))
        radix = np.array(list(self.slots.values()))
        if array.ndim != 2 or array.shape[1] != len(radix) or array.dtype.kind not in "iu":
            raise SpaceError(f"a genome of {self.name} is {len(radix)} whole numbers, got shape {array.shape}")
        if (array < 0).any() or (array >= radix).any():
            slot = list(self.slots)[int(((array < 0) | (array >= radix)).any(axis=0).argmax())]
            raise SpaceError(f"slot {slot!r} of {self.name} counts from 0 to {self.slots[slot] - 1}")
        return array.astype(np.int8, copy=False)

    def decode(self, genome: Sequence[int] | Genomes) -> Architecture:
        """The architecture of one genome."""
        codes = self.codes(self.checked(genome))[0]
        rows = [part.options[code] for part, code in zip(self.rows, codes[1:], strict=True)]
        stages = tuple(row for row in rows if row is not None)
        return self.reference.model_copy(update={"resolution": self.sizes.options[codes[0]], "stages": stages})

    def encode(self, architecture: Architecture) -> Genomes:
        """The genome of an architecture: (slots,); raises SpaceError when it is not in the space."""
        if architecture.model_copy(update={"resolution": 1, "stages": ()}) != self.reference.model_copy(
            update={"resolution": 1, "stages": ()}
        ):
            raise SpaceError(f"not in {self.name}: its stem, head or habits differ from those of the base")
        if architecture.resolution not in self.sizes.options:
            raise SpaceError(
                f"not in {self.name}: resolution {architecture.resolution} is none of {self.sizes.options}"
            )
        code = self._match(architecture.stages, 0)
        if code is None:
            raise SpaceError(f"not in {self.name}: {self._stranger(architecture.stages)}")
        codes = np.array([[self.sizes.options.index(architecture.resolution), *code]], dtype=np.intp)
        return np.asarray(self.genomes(self.canonical(codes))[0])

    def _match(self, rows: tuple[Stage, ...], number: int) -> list[int] | None:
        """Options of the stages from `number` on that spell `rows`; a stage is left out only where it must be.

        A row of several blocks may also be several stages, its first block one of them.
        """
        if number == len(self.rows):
            return None if rows else []
        options = self.rows[number].options
        ways: list[tuple[Stage | None, tuple[Stage, ...]]] = [(None, rows)]
        if rows and rows[0].repeats > 1:
            more = rows[0].model_copy(update={"repeats": rows[0].repeats - 1, "stride": 1})
            ways.insert(0, (rows[0].model_copy(update={"repeats": 1}), (more, *rows[1:])))
        if rows:
            ways.insert(0, (rows[0], rows[1:]))
        for row, rest in ways:
            if row in options and (behind := self._match(rest, number + 1)) is not None:
                return [options.index(row), *behind]
        return None

    def _stranger(self, rows: tuple[Stage, ...]) -> str:
        """The first stage that the table does not offer, in words."""
        for number, (part, row) in enumerate(zip(self.rows, rows, strict=False), start=1):
            if row not in part.options:
                cells = ", ".join(f"{column}={value}" for column, value in row.model_dump().items())
                return f"stage {number} ({cells}) is none of its choices"
        return f"{len(rows)} stages where the table has {len(self.rows)}"

    # -- cost -----------------------------------------------------------------------------------------

    def costs(self, genomes: Genomes, metrics: Iterable[str] = METRICS) -> dict[str, NDArray[np.int64]]:
        """Exact macs, params, activations and memory (bytes) of each genome: arrays of (n,)."""
        return self.walk(genomes, metrics).costs

    def cost(self, genome: Sequence[int] | Genomes) -> dict[str, int]:
        """Exact macs, params, activations and memory (bytes) of one genome, without building its graph."""
        if len(genome) != len(self.slots):
            raise SpaceError(f"a genome of {self.name} is {len(self.slots)} whole numbers, got {len(genome)}")
        return self._price.cost(genome.tolist() if isinstance(genome, np.ndarray) else genome)

    def walk(self, genomes: Genomes, metrics: Iterable[str] = METRICS) -> Walk:
        """Costs of each genome, and whether it is its architecture's canonical spelling."""
        metrics = tuple(metrics)
        for metric in metrics:
            if metric not in METRICS:
                raise SpaceError(unknown("metric", metric, METRICS))
        array = self.checked(genomes)
        return walk(self.links, lambda rows, i: self.parts[i].code(array[rows]), len(array), metrics)

    # -- the feasible set -----------------------------------------------------------------------------

    def sample(self, n: int, budgets: Sequence[Budget | str] = (), *, rng: np.random.Generator) -> Genomes:
        """`n` genomes, each uniform among the distinct architectures within all `budgets`: (n, slots).

        A budget is a Budget or its text ("400M-flops"). Raises InfeasibleError when there is none.
        """
        from nas.space.feasible import Feasible

        return self.genomes(Feasible(self, read_budgets(budgets)).sample(n, rng))

    def count(self, budgets: Sequence[Budget | str] = ()) -> Count:
        """The number of distinct architectures within all `budgets`: exact, or an estimate that says so."""
        from nas.space.counting import count

        return count(self, read_budgets(budgets))
