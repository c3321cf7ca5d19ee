"""Feature taps: the maps that detectors and segmenters take from a backbone, one a reduction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nas.errors import GraphError
from nas.graph.graph import Graph
from nas.graph.node import Ref


class Tap(NamedTuple):
    """The last map of the network at one reduction: the product of the strides before it."""

    ref: Ref
    channels: int
    reduction: int


def taps(graph: Graph) -> list[Tap]:
    """The last stage output at each reduction, as timm's `features_only` offers them; where it offers the first, that.

    A stem counts throughout, and what ends a stage behind its blocks (a pooling) by itself.
    """
    shapes = graph.shapes()
    begun: set[str] = set()  # stages of which a block has passed
    reductions: dict[str, int] = {}
    ends: dict[tuple[str, str], tuple[Ref, int, int]] = {}
    for name, node in graph.nodes.items():
        shape = shapes[name][0]
        before = max((reductions[source] for source, _ in node.inputs), default=1)
        reductions[name] = before * getattr(node.op, "stride", (1, 1))[0]
        if node is graph.input or node.stage.startswith(("head", "aux")) or len(shape) != 3 or shape[1] == 1:
            continue
        if node.block is not None:
            begun.add(node.stage)
        part = name if node.stage == "stem" else "end" if node.block is None and node.stage in begun else ""
        ends[node.stage, part] = ((name, 0), shape[0], reductions[name])
    found = [Tap(*end) for end in ends.values()]
    chosen = {tap.reduction: tap for tap in (found if graph.taps == "last" else reversed(found))}
    return sorted((tap for tap in chosen.values() if tap.reduction > 1), key=lambda tap: tap.reduction)


def tapped(graph: Graph, indices: Sequence[int]) -> Graph:
    """The graph cut down to what the chosen taps need; its outputs are those maps, in the order of `indices`."""
    offered = taps(graph)
    for index in indices:
        if not -len(offered) <= index < len(offered):
            raise GraphError(f"out_indices has {index}; this network has {len(offered)} taps, 0 to {len(offered) - 1}")
    return graph.cut([offered[index].ref for index in indices])
