"""Calibrating: from a space and a runtime to a latency table with its own error.

The space's distinct blocks are measured alone and some random networks whole, in turns; the fit is on some of the
networks, its error on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nas.errors import LatencyError
from nas.graph import Graph, GraphBuilder, Shape, cost
from nas.graph.ops import Activation, Input
from nas.latency import fitting
from nas.latency.blocks import blocks_of, most_used, walked
from nas.latency.features import FEATURES, features
from nas.latency.measuring import Measured, busy, measure, timer_of
from nas.latency.table import Device, Fit, LatencyTable, Quality, Whole, block_key
from nas.lowering import Description
from nas.runtimes import Runtime, Timer
from nas.space import Space
from nas.space.chain import Clock

EMPTY = "empty"  # one element through one op: what a call costs
SPREAD = 20  # draws a network of the fit, of which it stands for a range of macs

Progress: TypeAlias = Callable[[str, float], None]  # what is being done, and the share of it that is done


@dataclass(frozen=True)
class Settings:
    """How much is measured: seconds of measuring, blocks at most, networks of the fit and held out."""

    seconds: float = 25.0
    blocks: int = 400
    networks: int = 10
    held_out: int = 10
    threads: int = 1
    device: str = "cpu"
    seed: int = 0


@dataclass(frozen=True)
class Calibration:
    """The table, and what is amiss with it in words."""

    table: LatencyTable
    remarks: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the table is one to go by."""
        return not self.table.quality.faults


def calibrate(
    space: Space, runtime: Runtime, settings: Settings | None = None, progress: Progress | None = None
) -> Calibration:
    """Measure the blocks and some networks of a space, and fit what its networks take.

    Raises LatencyError for a device that the runtime cannot use.
    """
    settings, told = settings or Settings(), progress or (lambda what, share: None)
    rng = np.random.default_rng(settings.seed)
    here = runtime.fingerprint(settings.threads, settings.device)
    blocks = blocks_of(space)
    wholes = chosen(space, settings.networks, settings.held_out, rng)
    kept = {key: blocks[key] for key in most_used(space, list(blocks), settings.blocks, rng)}
    timers = _timers(runtime, settings, kept, wholes, rng, told)
    measured = measure(timers, rng, settings.seconds, lambda share: told("measuring", share))
    device = Device.model_validate(asdict(here))
    table = _table(space, device, kept, wholes, measured, len(blocks))
    remarks = list(table.quality.faults)
    if (word := busy(settings.threads, measured.interrupted)) and not table.quality.too_busy:
        remarks.append(word)
    if len(kept) < len(blocks):
        remarks.append(
            f"{len(kept):,} of {len(blocks):,} blocks were measured, the most used ones; others are analytic"
        )
    return Calibration(table, tuple(remarks))


@dataclass(frozen=True)
class Sampled:
    """A random network of the space."""

    architecture: Description
    graph: Graph
    held_out: bool


def chosen(space: Space, networks: int, held_out: int, rng: np.random.Generator) -> dict[str, Sampled]:
    """Distinct networks by digest: those of the fit spread over the space's macs, those held out drawn uniformly."""
    drawn = np.unique(space.sample(SPREAD * networks, rng=rng), axis=0)
    order = np.argsort(space.costs(drawn, ("macs",))["macs"], kind="stable")
    spread = order[np.linspace(0, len(drawn) - 1, min(networks, len(drawn))).round().astype(int)]
    found: dict[str, Sampled] = {}
    for genome in drawn[spread]:
        graph = space.graph(genome)
        found[graph.digest()] = Sampled(space.decode(genome), graph, False)
    others = 0
    for genome in space.sample(4 * held_out, rng=rng):
        graph = space.graph(genome)
        if others < held_out and graph.digest() not in found:
            found[graph.digest()] = Sampled(space.decode(genome), graph, True)
            others += 1
    if not others:
        raise LatencyError(f"{space.name} has too few networks to hold any out; measure them with `nascli bench`")
    return found


def _timers(
    runtime: Runtime,
    settings: Settings,
    blocks: Mapping[str, tuple[Graph, Shape]],
    wholes: Mapping[str, Sampled],
    rng: np.random.Generator,
    told: Progress,
) -> dict[str, Timer]:
    """A stopwatch for the empty network, for each block and for each whole network."""
    build = GraphBuilder((1, 1, 1))
    graphs = {EMPTY: build.graph([build.add(Activation("relu"), build.input, name="op")])}
    graphs |= {key: at_shape(graph, shape) for key, (graph, shape) in blocks.items()}
    graphs |= {digest: one.graph for digest, one in wholes.items()}
    timers = {}
    for number, (name, graph) in enumerate(graphs.items(), start=1):
        session = runtime.session(graph, threads=settings.threads, device=settings.device, seed=settings.seed)
        timers[name] = timer_of(session, rng)
        told("preparing", number / len(graphs))
    return timers


def at_shape(graph: Graph, shape: Shape) -> Graph:
    """The graph for images of that shape."""
    return graph if graph.input_shape == shape else graph.replace(replace(graph.input, op=Input(shape)))


@dataclass(frozen=True)
class _Raw:
    """A clock that tells times before the fit."""

    time: Callable[[Graph, Shape], float]
    offset: int = 0

    def price(self, graph: Graph, shape: Shape) -> int:
        return round(self.time(graph, shape))


def _table(
    space: Space,
    device: Device,
    blocks: Mapping[str, tuple[Graph, Shape]],
    wholes: Mapping[str, Sampled],
    measured: Measured,
    in_space: int,
) -> LatencyTable:
    """The fit of measured networks to their blocks, and how far it is off on those held out."""
    call = measured.nanoseconds(EMPTY)
    times = {key: max(1, measured.nanoseconds(key) - call) for key in blocks}
    terms = {key: features(graph, shape) for key, (graph, shape) in blocks.items()}
    rows, alone = np.array(list(terms.values())), np.array(list(times.values()), dtype=np.float64)
    units = fitting.coefficients(rows, alone)

    def sums(networks: Iterable[Sampled], known: Mapping[str, int]) -> NDArray[np.float64]:
        """Times before the fit: of blocks as they are known, of others as their features tell."""

        def time(graph: Graph, shape: Shape) -> float:
            key = block_key(graph, shape)
            if key not in known and key not in terms:
                terms[key] = features(graph, shape)
            return known[key] if key in known else float(terms[key] @ units)

        return np.array([_walked(space, one, _Raw(time)) for one in networks], dtype=np.float64)

    whole = {digest: float(measured.nanoseconds(digest)) for digest in wholes}
    fit = {digest: one for digest, one in wholes.items() if not one.held_out}
    taken = np.array([whole[digest] for digest in fit])
    ways = {"blocks": sums(fit.values(), times), "features": sums(fit.values(), {})}
    errors = {kind: fitting.cross_validated(found, taken) for kind, found in ways.items()}
    kind: Literal["blocks", "features"] = "blocks" if errors["blocks"] <= errors["features"] else "features"
    scale, offset = fitting.affine(ways[kind], taken)
    fitted = Fit(
        kind=kind,
        scale=scale,
        offset_ns=round(offset),
        coefficients_ns=dict(zip(FEATURES, map(float, units), strict=True)),
        cross_validated=errors,
    )
    unknown = Quality(
        held_out_error=0, spearman=0, within_tenth=0, block_error=0, noise_floor=0, interrupted=None, rounds=1
    )
    table = LatencyTable(
        space=space.name,
        device=device,
        blocks=times,
        blocks_in_space=in_space,
        fit=fitted,
        quality=unknown,
        networks=(),
    )
    networks = tuple(
        Whole(
            digest=digest,
            macs=cost(one.graph).macs,
            measured_ns=round(whole[digest]),
            predicted_ns=_walked(space, one, table),
            held_out=one.held_out,
        )
        for digest, one in wholes.items()
    )
    out = [row for row in networks if row.held_out]
    predicted, actual = [row.predicted_ns for row in out], [row.measured_ns for row in out]
    quality = Quality(
        held_out_error=fitting.mean_error(predicted, actual),
        spearman=fitting.rank_correlation(predicted, actual),
        within_tenth=fitting.within(predicted, actual),
        block_error=fitting.mean_error(rows @ units, alone),
        noise_floor=measured.noise(list(wholes)),
        interrupted=measured.interrupted,
        rounds=measured.rounds,
    )
    return table.model_copy(update={"quality": quality, "networks": networks})


def _walked(space: Space, one: Sampled, clock: Clock) -> int:
    return walked(one.architecture, space.num_classes, space.in_chans, clock)
