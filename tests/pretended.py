"""A runtime whose latencies are known exactly, for laws that no stopwatch can show."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from nas.graph import Graph, cost
from nas.latency.features import FEATURES
from nas.latency.table import TABLE, Device, Fit, LatencyTable, Quality
from nas.runtimes.runtime import Fingerprint

CALL, PER_OP, PER_MAC = 20_000, 1_000, 0.05  # ns


def exact(graph: Graph) -> float:
    """What the pretended device takes for a network, in ns: so much a call, an op and a mac."""
    ops = sum(node.op.kind not in ("input", "stochastic_depth", "dropout") for node in graph.nodes.values())
    return CALL + PER_OP * ops + PER_MAC * cost(graph).macs


@dataclass
class PretendedSession:
    graph: Graph
    ns: float
    asked: list[str]

    @property
    def input_shape(self):
        return self.graph.input_shape

    def run(self, images):
        raise NotImplementedError

    def timer(self, images):
        def seconds(runs: int) -> float:
            self.asked.append(self.graph.digest())
            return runs * self.ns * 1e-9

        return seconds


@dataclass
class Pretended:
    """`whims` makes whole networks (more than `large` nodes) take up to so many times longer, by a hash of theirs;
    everything takes `slow` times as long."""

    name: str = "pretended"
    processor: str = "abacus"
    whims: float = 0.0
    slow: float = 1.0
    large: int = 40
    asked: list[str] = field(default_factory=list)

    def fingerprint(self, threads: int, device: str) -> Fingerprint:
        return Fingerprint(self.name, "1.0", device, self.processor, threads)

    def session(self, graph, weights=None, *, threads=1, device="cpu", seed=0):
        whim = int(hashlib.sha256(graph.digest().encode()).hexdigest()[:8], 16) / 16**8 * self.whims
        return PretendedSession(
            graph, self.slow * exact(graph) * (1 + whim * (len(graph.nodes) > self.large)), self.asked
        )

    def opened(self, path: Path, *, threads=1, device="cpu"):
        raise NotImplementedError


def analytic_table(**changes) -> LatencyTable:
    """A table without any measured block: all times follow from features, those of B0 near 10 ms."""
    units = dict.fromkeys(FEATURES, 0.0) | {"pointwise": 0.02, "depthwise": 0.05, "dense": 0.02, "ops": 900.0}
    body = {
        "space": "efficientnet",
        "device": Device(runtime="pretended", version="1.0", device="cpu", processor="abacus", threads=1),
        "blocks": {},
        "blocks_in_space": 170,
        "fit": Fit(
            kind="features", scale=1.0, offset_ns=5000, coefficients_ns=units, cross_validated={"features": 0.1}
        ),
        "quality": Quality(
            held_out_error=0.1,
            spearman=0.9,
            within_tenth=0.5,
            block_error=0.1,
            noise_floor=0.0,
            interrupted=None,
            rounds=6,
        ),
        "networks": (),
    }
    return LatencyTable(**(body | changes))


__all__ = ["CALL", "TABLE", "Pretended", "analytic_table", "exact"]
