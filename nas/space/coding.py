"""What every kind of search space has: genomes of small integers, a chain of cost tables, and what follows."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, PrivateAttr, field_validator

from nas.blocks.row import Row, plain_number
from nas.budget import Budget, read_budgets
from nas.errors import SpaceError, unknown
from nas.files import document
from nas.lowering import Description, lower
from nas.space.chain import Clock, Link
from nas.space.costs import METRICS, Price, Walk, walk
from nas.space.parts import Part

if TYPE_CHECKING:
    from nas.graph import Graph
    from nas.latency import LatencyTable
    from nas.space.counting import Count

SCHEMA = "nascli.space/1"

Genomes = NDArray[np.int8]


class Space(Row):
    """A set of networks. A genome is one row of small integers: which choice, slot by slot.

    A kind of space says how genomes and networks correspond, and puts its networks into numbers: `parts` (slots to
    options) and `priced` (links: what an option costs behind the options before it). Sampling, counting and searching
    read only those. `evaluator` is the default one (None: the user must name one), a built-in one: a table is data, and
    never names code to run.
    """

    metrics: ClassVar[tuple[str, ...]] = METRICS  # what the links tell of a network; also "latency" in a timed space
    linked: ClassVar[bool] = True  # whether the links alone tell which genomes are canonical
    columns: ClassVar[tuple[str, ...]]  # the fields in the order in which documents have them

    name: str
    citation: str = ""
    evaluator: str | None = None
    _latencies: LatencyTable | None = PrivateAttr(default=None)

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

    def to_json(self) -> str:
        """The space as one JSON document: what workers and records receive."""
        body = self.model_dump(mode="json")
        return json.dumps(document(SCHEMA, {column: body[column] for column in self.columns}))

    def __reduce__(self) -> tuple[Any, ...]:
        """A space travels to other processes as its document; tables are filled anew there."""
        from nas.space.reading import read_space

        return read_space, (json.loads(self.to_json()), "space", self.latencies)

    # -- latency --------------------------------------------------------------------------------------

    @property
    def latencies(self) -> LatencyTable | None:
        """The table that latencies are read from; None where the space knows none."""
        return self._latencies

    def timed(self, table: LatencyTable) -> Self:
        """The same space, whose networks also have a latency: what `table` predicts."""
        timed = self.model_copy()
        for filled in ("links", "_price"):  # of these two the latency is a part
            timed.__dict__.pop(filled, None)
        timed._latencies = table
        return timed

    def within(self, budgets: Sequence[Budget]) -> Self:
        """The space with the latency table that the budgets name, where they name one."""
        return self.by_tables([budget.table for budget in budgets if budget.table])

    def by_tables(self, paths: Sequence[str]) -> Self:
        """The space with the one latency table of these files, where there are any. Logs a warning where that table is
        another machine's."""
        if not paths:
            return self
        from nas.latency.reading import read_table, same_table, warn_of

        table = read_table(path := same_table(paths))
        if self.latencies is not None and self.latencies.digest == table.digest:
            return self
        timed = self.timed(table)
        warn_of(table, path, self.name)
        return timed

    # -- what a kind of space says --------------------------------------------------------------------

    @property
    @abstractmethod
    def reference(self) -> Description:
        """The base: the network that results are compared with; it gives all that does not vary."""

    @property
    @abstractmethod
    def base_name(self) -> str:
        """The name of the base; "base" where it has none."""

    @property
    @abstractmethod
    def choices(self) -> dict[str, list[object]]:
        """Each slot with the values of its choices, in genome order."""

    @property
    @abstractmethod
    def parts(self) -> tuple[Part[Any], ...]:
        """All parts of a genome, in order."""

    @abstractmethod
    def priced(self, clock: Clock | None) -> list[Link]:
        """The space's links by a clock, which is asked for each distinct block; None: without latency."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many genomes are canonical, exactly; where networks have one each, how many networks there are."""

    @abstractmethod
    def canonical(self, codes: NDArray[np.intp]) -> NDArray[np.intp]:
        """The canonical spellings of option codes: (n, parts) -> (n, parts)."""

    def spelled(self, codes: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether option codes (n, parts) that the links allow are canonical: (n,)."""
        return np.ones(len(codes), dtype=np.bool_)

    @abstractmethod
    def decode(self, genome: Sequence[int] | Genomes) -> Description:
        """The network of one genome."""

    @abstractmethod
    def encode(self, architecture: Any) -> Genomes:
        """The genome of a network: (slots,); raises SpaceError when it is not in the space."""

    # -- between genomes and option codes -------------------------------------------------------------

    @cached_property
    def slots(self) -> dict[str, int]:
        """Slot names and their number of choices, in genome order."""
        return {slot: len(values) for slot, values in self.choices.items()}

    def codes(self, genomes: Genomes) -> NDArray[np.intp]:
        """The option of each part: (n, slots) -> (n, parts)."""
        return np.stack([part.code(genomes) for part in self.parts], axis=1)

    def genomes(self, codes: NDArray[np.intp]) -> Genomes:
        """The genomes of option codes: (n, parts) -> (n, slots)."""
        return np.concatenate([part.choices[codes[:, i]] for i, part in enumerate(self.parts)], axis=1)

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

    def graph(self, genome: Sequence[int] | Genomes) -> Graph:
        """The graph of one genome, with the space's classes and channels, named after its digest."""
        graph = lower(self.decode(genome), self.num_classes, self.in_chans)
        return graph.named(f"{self.name}_{graph.digest()[:8]}")

    @property
    def base_graph(self) -> Graph:
        """The graph of the base, with the space's classes and channels."""
        return lower(self.reference, self.num_classes, self.in_chans, name=self.base_name)

    # -- cost -----------------------------------------------------------------------------------------

    @cached_property
    def links(self) -> list[Link]:
        """The space as a chain of cost tables: one link a part, then the rest of the network."""
        return self.priced(self.latencies)

    @cached_property
    def _price(self) -> Price:
        return Price(self.links, self.parts, latency=self.latencies is not None)

    @property
    def known(self) -> tuple[str, ...]:
        """The metrics that the space knows of its networks."""
        return self.metrics if self.latencies is None else (*self.metrics, "latency")

    def check_metric(self, metric: str) -> None:
        """SpaceError for a metric that the space does not know of its networks."""
        if metric not in (*METRICS, "latency"):
            raise SpaceError(unknown("metric", metric, self.known))
        if metric == "latency" and self.latencies is None:
            raise SpaceError("latency is of a device: name its table, as in 8ms-latency@table.json")
        if metric not in self.known:
            known = ", ".join(self.known)
            raise SpaceError(
                f"{metric} of the networks of {self.name} is not known without building them; it knows {known}"
            )

    def costs(self, genomes: Genomes, metrics: Iterable[str] | None = None) -> dict[str, NDArray[np.int64]]:
        """Macs, params, activations and memory (bytes) of each genome, exact, and the predicted latency (ns) where the
        space is timed: arrays of (n,). All that `metrics` has."""
        return self.walk(genomes, metrics).costs

    def cost(self, genome: Sequence[int] | Genomes) -> dict[str, int]:
        """Exact macs, params, activations and memory (bytes) of one genome, without building its graph."""
        if len(genome) != len(self.slots):
            raise SpaceError(f"a genome of {self.name} is {len(self.slots)} whole numbers, got {len(genome)}")
        found = self._price.cost(genome.tolist() if isinstance(genome, np.ndarray) else genome)
        return found if len(self.known) == len(found) else {metric: found[metric] for metric in self.known}

    def walk(self, genomes: Genomes, metrics: Iterable[str] | None = None) -> Walk:
        """Costs of each genome, and whether it is its network's canonical spelling."""
        metrics = self.known if metrics is None else tuple(metrics)
        for metric in metrics:
            self.check_metric(metric)
        array = self.checked(genomes)
        found = walk(self.links, lambda rows, i: self.parts[i].code(array[rows]), len(array), metrics)
        return found if self.linked else replace(found, allowed=found.allowed & self.spelled(self.codes(array)))

    # -- the feasible set -----------------------------------------------------------------------------

    def sample(self, n: int, budgets: Sequence[Budget | str] = (), *, rng: np.random.Generator) -> Genomes:
        """`n` genomes, each uniform among the canonical ones within all `budgets`: (n, slots).

        A budget is a Budget or its text ("400M-flops"). Raises InfeasibleError when there is none.
        """
        from nas.space.feasible import Feasible

        return self.genomes(Feasible(self, read_budgets(budgets)).sample(n, rng))

    def count(self, budgets: Sequence[Budget | str] = ()) -> Count:
        """The number of canonical genomes within all `budgets`: exact, or an estimate that says so."""
        from nas.space.counting import count

        return count(self, read_budgets(budgets))
