"""Exact costs read from a chain of cost tables: of many candidates at once, or of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import SpaceError
from nas.graph.storage import BYTES
from nas.space.chain import ADDITIVE, Link
from nas.space.parts import Part

CHUNK = 1 << 14  # candidates costed at once, so that they stay in the processor's cache

METRICS = ("macs", "params", "activations", "memory")  # of every network; "latency" where a table tells it


@dataclass(frozen=True)
class Walk:
    """One candidate a row: its costs, and whether the codes are the canonical spelling."""

    costs: dict[str, NDArray[np.int64]]
    allowed: NDArray[np.bool_]


def walk(links: Sequence[Link], code: Callable[[slice, int], NDArray[np.intp]], n: int, metrics: Iterable[str]) -> Walk:
    """Costs of `n` candidates; `code(rows, i)` gives the options of those rows at link `i`.

    "memory" is bytes of float32 weights plus the peak of the activations.
    """
    wanted = set(metrics)
    sums = [m for m in ADDITIVE if m in wanted or (m == "params" and "memory" in wanted)]
    totals = {m: np.zeros(n, dtype=np.int64) for m in sums}
    peak = np.zeros(n, dtype=np.int64) if "memory" in wanted else None
    allowed = np.ones(n, dtype=np.bool_)
    tables = [{m: getattr(link, m).ravel() for m in (*sums, "peak")} for link in links]
    strict = [bool(link.allowed.all()) for link in links]
    for begin in range(0, n, CHUNK):
        rows = slice(begin, min(begin + CHUNK, n))
        state: NDArray[np.intp] | None = None
        for i, link in enumerate(links):
            states, options = link.next.shape
            index = code(rows, i) if i < len(links) - 1 else np.zeros(rows.stop - begin, dtype=np.intp)
            if states > 1 and state is not None:
                index = index + state * options
            for metric in sums:
                totals[metric][rows] += tables[i][metric].take(index)
            if peak is not None:
                np.maximum(peak[rows], tables[i]["peak"].take(index), out=peak[rows])
            if not strict[i]:
                allowed[rows] &= link.allowed.ravel().take(index)
            if i + 1 < len(links) and links[i + 1].next.shape[0] > 1:
                state = link.next.ravel().take(index)
    if peak is not None:
        totals["memory"] = peak + BYTES * totals["params"]
    return Walk({m: totals[m] for m in (*METRICS, "latency") if m in wanted}, allowed)


class Price:
    """The cost of one candidate at a time: the same tables as plain lists, since numpy is slow on single numbers."""

    def __init__(self, links: Sequence[Link], parts: Sequence[Part[Any]], *, latency: bool = False) -> None:
        self._parts = [(part.radix, part.option_of.tolist()) for part in parts]
        self._latency = latency
        columns = ("next", "macs", "params", "activations", "peak", "latency" if latency else "peak")
        self._links = [
            [
                list(zip(*state, strict=True))
                for state in zip(*(getattr(link, c).tolist() for c in columns), strict=True)
            ]
            for link in links
        ]

    def cost(self, genome: Sequence[int]) -> dict[str, int]:
        """Macs, params, activations, memory (bytes) of one genome (slots,), and latency (ns) where the links tell it.

        SpaceError for a choice out of range.
        """
        state = macs = params = activations = peak = latency = 0
        slots = iter(genome)
        for (radix, option_of), link in zip(self._parts, self._links, strict=False):
            raw = 0
            for size in radix:
                choice = next(slots)
                if not 0 <= choice < size:
                    raise SpaceError(f"a choice among {size} counts from 0 to {size - 1}, got {choice}")
                raw = raw * size + choice
            state, own_macs, own_params, own_activations, own_peak, own_latency = link[state][option_of[raw]]
            macs, params, activations = macs + own_macs, params + own_params, activations + own_activations
            peak, latency = max(peak, own_peak), latency + own_latency
        _, own_macs, own_params, own_activations, own_peak, own_latency = self._links[-1][state][0]
        params, peak = params + own_params, max(peak, own_peak)
        found = {
            "macs": macs + own_macs,
            "params": params,
            "activations": activations + own_activations,
            "memory": peak + BYTES * params,
        }
        return {**found, "latency": latency + own_latency} if self._latency else found
