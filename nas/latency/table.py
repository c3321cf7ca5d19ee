"""A latency table: what the blocks of a space took on one device, and what follows for whole networks.

Times are whole nanoseconds of one image. A network's prediction is a sum over its blocks, so that latency is a cost
like macs: whatever samples, counts or searches under budgets reads it from tables of the same shape.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from nas.errors import LatencyError
from nas.graph import Graph, Shape
from nas.latency.features import FEATURES, features
from nas.runtimes.runtime import Fingerprint

TABLE = "nascli.latency/1"
MOST_BLOCKS = 50_000
MOST_NS = 10**13  # nearly three hours: a bound on what a file may say of a block
TOO_FAR = 0.15  # the held-out error from which on a table is not worth having
TOO_BUSY = 0.5  # times are medians over rounds: with more samples interrupted than not, of interrupted ones

Nanoseconds: TypeAlias = Annotated[int, Field(ge=0, le=MOST_NS)]
Positive: TypeAlias = Annotated[int, Field(gt=0, le=MOST_NS)]
Share: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Key: TypeAlias = Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]{16}@\d+(x\d+)*$")]
Text: TypeAlias = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]  # it is printed


class Record(BaseModel):
    """A frozen part of the document that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Device(Record):
    """On what the times were taken."""

    runtime: Text
    version: Text
    device: Text
    processor: Text
    threads: Annotated[int, Field(ge=1, le=4096)]

    @property
    def fingerprint(self) -> Fingerprint:
        """The same as a value."""
        return Fingerprint(self.runtime, self.version, self.device, self.processor, self.threads)


class Fit(Record):
    """A network is `offset_ns` and `scale` times the sum over its blocks, of "blocks" (their measured times) or of
    "features" (their analytic times, which `coefficients_ns` give per unit of each feature)."""

    kind: Literal["blocks", "features"]
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    offset_ns: Nanoseconds
    coefficients_ns: dict[str, Annotated[float, Field(ge=0, le=MOST_NS)]]
    cross_validated: dict[str, Share]  # mean relative error of either kind, each network predicted by the others

    @model_validator(mode="after")
    def _known(self) -> Fit:
        if set(self.coefficients_ns) != set(FEATURES):
            raise ValueError(f"coefficients_ns must name exactly {', '.join(FEATURES)}")
        return self


class Whole(Record):
    """A whole network, measured and predicted; those of the fit were not held out."""

    digest: Annotated[str, Field(max_length=64)]
    macs: Annotated[int, Field(ge=0)]
    measured_ns: Positive
    predicted_ns: Positive
    held_out: bool


class Quality(Record):
    """How far the predictions of held-out networks are off, and how far two measurements differ: relative, in the mean.

    `interrupted` is the share of samples during which the system ran something else; None where it does not tell.
    """

    held_out_error: Share
    spearman: Annotated[float, Field(ge=-1, le=1)]
    within_tenth: Share
    block_error: Share  # of analytic times, over the blocks that were measured
    noise_floor: Share
    interrupted: Annotated[float, Field(ge=0, le=1)] | None = None
    rounds: Annotated[int, Field(ge=1)]

    @property
    def too_busy(self) -> bool:
        """Whether most samples were interrupted."""
        return self.interrupted is not None and self.interrupted > TOO_BUSY

    @property
    def faults(self) -> tuple[str, ...]:
        """Why the table is not to go by, in words; held-out networks do not show that all was slowed alike."""
        found = []
        if self.held_out_error > TOO_FAR:
            found.append(f"held-out networks are {self.held_out_error:.1%} off, more than {TOO_FAR:.0%}")
        if self.too_busy:
            found.append(f"{self.interrupted:.0%} of the samples were interrupted, so that times are too long")
        return tuple(found)


class LatencyTable(Record):
    """Times of the blocks of `space` by key (`block_key`), the fit to whole networks, and how good it is."""

    space: Text
    device: Device
    blocks: Annotated[dict[Key, Nanoseconds], Field(max_length=MOST_BLOCKS)]
    blocks_in_space: Annotated[int, Field(ge=0)]
    fit: Fit
    quality: Quality
    networks: Annotated[tuple[Whole, ...], Field(max_length=1000)]

    @property
    def offset(self) -> int:
        """What every network takes beside its blocks, in ns."""
        return self.fit.offset_ns

    def knows(self, graph: Graph, shape: Shape) -> bool:
        """Whether the block was measured, at this size."""
        return block_key(graph, shape) in self.blocks

    def price(self, graph: Graph, shape: Shape) -> int:
        """What a block adds to a network, in ns: its measured time where there is one, else its analytic time."""
        key = block_key(graph, shape)
        if (price := self._prices.get(key)) is None:
            known = self.blocks.get(key) if self.fit.kind == "blocks" else None
            alone = float(features(graph, shape) @ self._coefficients) if known is None else known
            if not (time := self.fit.scale * alone) <= MOST_NS:
                raise LatencyError(f"by the latency table a block takes {time:.1e} ns: it is damaged; calibrate again")
            price = self._prices[key] = round(time)
        return price

    @cached_property
    def _prices(self) -> dict[str, int]:
        """What was asked for before: a block comes back in many networks."""
        return {}

    @cached_property
    def _coefficients(self) -> NDArray[np.float64]:
        return np.array([self.fit.coefficients_ns[name] for name in FEATURES])

    @cached_property
    def digest(self) -> str:
        """A hash of all that predictions follow from."""
        return hashlib.sha256(self.model_dump_json(include={"blocks", "fit", "device"}).encode()).hexdigest()[:16]


def block_key(graph: Graph, shape: Shape) -> str:
    """The name of a block at a size: its digest (which knows no size), and the shape of its input."""
    return f"{graph.digest()[:16]}@{'x'.join(map(str, shape))}"
