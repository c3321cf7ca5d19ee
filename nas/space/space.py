"""The search space: an architecture's table with choices in its cells, and its genomes as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from nas.architecture import MOST_BLOCKS, Architecture, one_line
from nas.blocks import Stage
from nas.blocks.row import plain_number
from nas.errors import SpaceError
from nas.files import check_schema
from nas.space.chain import MOST_CELLS, Clock, Link, chain, check_cells
from nas.space.choices import StageChoices
from nas.space.coding import SCHEMA, Genomes, Space
from nas.space.parts import Part
from nas.space.spelling import Spelling
from nas.zoo import architecture as published

Resolution: TypeAlias = Annotated[int, BeforeValidator(plain_number), Field(ge=8, le=2**13)]


class SearchSpace(Space):
    """A set of distinct architectures. A genome is one row of small integers: which choice, slot by slot.

    `base` gives all that does not vary, and is the network that results are compared with: an entry of
    the zoo or a whole architecture. `resolutions` () means the base's.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "name", "citation", "base", "resolutions", "stages", "evaluator", "num_classes", "in_chans",
    )  # fmt: skip

    base: str | Architecture
    resolutions: Annotated[tuple[Resolution, ...], Field(max_length=100)] = ()
    stages: Annotated[tuple[StageChoices, ...], Field(min_length=1, max_length=64)]

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

    @cached_property
    def reference(self) -> Architecture:
        """The base as an architecture."""
        return published(self.base) if isinstance(self.base, str) else self.base

    @property
    def base_name(self) -> str:
        return self.base if isinstance(self.base, str) else "base"

    @cached_property
    def choices(self) -> dict[str, list[object]]:
        """Each slot with the values of its choices."""
        choices: dict[str, list[object]] = {}
        if len(self.resolutions) > 1:
            choices["resolution"] = list(self.resolutions)
        for number, row in enumerate(self.stages, start=1):
            for names in row.slots:
                choices[f"stage{number}.{names}"] = list(row.root[names])
        return choices

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

    def priced(self, clock: Clock | None) -> list[Link]:
        """The links, one a part, then the head."""
        return chain(
            self.reference,
            self.sizes.options,
            [part.options for part in self.rows],
            self.repeated,
            self.spelling,
            num_classes=self.num_classes,
            in_chans=self.in_chans,
            clock=clock,
        )

    @cached_property
    def size(self) -> int:
        """How many architectures there are, exactly.

        They are distinct but where `nas.space.distinct.ambiguity` finds a network that is shared out over the
        stages in several ways: it counts once for each, here and in `count` and `sample`.
        """
        return len(self.sizes.options) * self.spelling.count(self.repeated)

    # -- between genomes and architectures -----------------------------------------------------------

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
        if architecture.resolution not in self.sizes.number:
            raise SpaceError(
                f"not in {self.name}: resolution {architecture.resolution} is none of {self.sizes.options}"
            )
        code = self._match(architecture.stages, 0)
        if code is None:
            raise SpaceError(f"not in {self.name}: {self._stranger(architecture.stages)}")
        codes = np.array([[self.sizes.number[architecture.resolution], *code]], dtype=np.intp)
        return np.asarray(self.genomes(self.canonical(codes))[0])

    def _match(self, rows: tuple[Stage, ...], number: int) -> list[int] | None:
        """Options of the stages from `number` on that spell `rows`; a stage is left out only where it must be.

        A row of several blocks may also be several stages, its first block one of them.
        """
        if number == len(self.rows):
            return None if rows else []
        numbers = self.rows[number].number
        ways: list[tuple[Stage | None, tuple[Stage, ...]]] = [(None, rows)]
        if rows and rows[0].repeats > 1:
            more = rows[0].model_copy(update={"repeats": rows[0].repeats - 1, "stride": 1})
            ways.insert(0, (rows[0].model_copy(update={"repeats": 1}), (more, *rows[1:])))
        if rows:
            ways.insert(0, (rows[0], rows[1:]))
        for row, rest in ways:
            if row in numbers and (behind := self._match(rest, number + 1)) is not None:
                return [numbers[row], *behind]
        return None

    def _stranger(self, rows: tuple[Stage, ...]) -> str:
        """The first stage that the table does not offer, in words."""
        for number, (part, row) in enumerate(zip(self.rows, rows, strict=False), start=1):
            if row not in part.number:
                cells = ", ".join(f"{column}={value}" for column, value in row.model_dump().items())
                return f"stage {number} ({cells}) is none of its choices"
        return f"{len(rows)} stages where the table has {len(self.rows)}"
