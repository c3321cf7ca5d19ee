"""The digest of a graph: one hash for all isomorphic graphs, and another for every other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from nas.graph.node import Node, Ref


def canonical_digest(nodes: Mapping[str, Node], outputs: Iterable[Ref]) -> str:
    """sha256 over the nodes numbered on first visit, depth first from `outputs` along ordered inputs.

    The numbering writes a shared node once and two equal parallel nodes twice, so the serialisation
    determines the graph up to names. Names, stages and training-only rates are left out.
    """
    outputs = tuple(outputs)
    number: dict[str, int] = {}
    stack = [name for name, _ in reversed(outputs)]
    while stack:
        name = stack.pop()
        if name not in number:
            number[name] = len(number)
            stack.extend(source for source, _ in reversed(nodes[name].inputs))
    hasher = hashlib.sha256()
    for name in number:
        node = nodes[name]
        wires = [(number[source], index) for source, index in node.inputs]
        hasher.update(json.dumps([node.op.kind, node.op.canonical(), wires], sort_keys=True).encode())
        hasher.update(b"\n")
    hasher.update(json.dumps([(number[name], index) for name, index in outputs]).encode())
    return hasher.hexdigest()
