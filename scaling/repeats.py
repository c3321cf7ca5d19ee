"""Repeats in a graph: the blocks of each stage, more of them or fewer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from nas.errors import ScaleError
from nas.graph import Graph
from nas.graph.node import Node, Ref, Width
from nas.graph.ops import StochasticDepth, UnitVariance
from nas.rounding import Rounding

Block: TypeAlias = list[Node]

INDEX = re.compile(r"(.*?)(\d+)")
WAY_OUT = "scale the Architecture, where there is one, or other axes (--rule width)"


def deepen(graph: Graph, factor: float, rule: Rounding) -> Graph:
    """The graph with the repeats of every labelled stage × `factor`.

    A stage needs two blocks to grow or shrink, equal from the second on; raises ScaleError that names the stage.
    """
    names = list(dict.fromkeys(n.stage for n in graph.nodes.values() if n.stage and n.block is not None))
    if not names:
        raise ScaleError("no repeated stages: no node of this graph carries a stage and a block")
    nodes, outputs = list(graph.nodes.values()), list(graph.outputs)
    for stage in names:
        blocks = _blocks(nodes, stage)
        wanted = rule.repeats(len(blocks) * factor)
        if wanted < 1:
            raise ScaleError(f"depth × {factor:g} leaves no block in {stage} ({len(blocks)} repeats)")
        if wanted == len(blocks):
            continue
        if len(blocks) < 2:
            raise ScaleError(f"{stage} has one block, which does not show what a further one is like; {WAY_OUT}")
        nodes, outputs = _resized(nodes, outputs, stage, blocks, wanted)
    if rate := drop_path(list(graph.nodes.values())):
        nodes = with_rates(nodes, rate)
    nodes = recounted(nodes)
    return Graph(nodes, outputs, name=graph.name, init=graph.init, taps=graph.taps)


def _blocks(nodes: Iterable[Node], stage: str) -> list[Block]:
    blocks: dict[int, Block] = {}
    for node in nodes:
        if node.stage == stage and node.block is not None:
            blocks.setdefault(node.block, []).append(node)
    return [blocks[index] for index in sorted(blocks)]


def _resized(
    nodes: list[Node], outputs: list[Ref], stage: str, blocks: list[Block], wanted: int
) -> tuple[list[Node], list[Ref]]:
    """One stage with its last blocks left out, or its last block repeated."""
    entries, exits = _ends(blocks, nodes, outputs, stage)
    same = len({_signature(block) for block in blocks[1:]}) == 1
    if not same or entries[1:] != exits[:-1]:
        raise ScaleError(f"the blocks of {stage} are not equal from the second on; {WAY_OUT}")
    have = len(blocks)
    if wanted < have:
        gone = {node.name for block in blocks[wanted:] for node in block}
        kept, added = [node for node in nodes if node.name not in gone], []
        last = exits[wanted - 1]
    else:
        kept = nodes
        copies = _copies(blocks[-1], entries[-1], exits[-1], range(have, wanted))
        added, last = [node for copy, _ in copies for node in copy], copies[-1][1]
    inside = {node.name for block in blocks[:wanted] for node in block}
    moved = {exits[-1]: last}
    renames = _renumbering(kept, blocks[-1], wanted - have)
    rewired = [_rewired(node, {} if node.name in inside else moved, renames) for node in kept]
    after = 1 + max(i for i, node in enumerate(rewired) if node.stage == stage and node.block is not None)
    outputs = [moved.get((name, index), (renames.get(name, name), index)) for name, index in outputs]
    return rewired[:after] + added + rewired[after:], outputs


def _ends(blocks: list[Block], nodes: list[Node], outputs: list[Ref], stage: str) -> tuple[list[Ref], list[Ref]]:
    """The one tensor that each block reads from outside, and the one that others read of it."""
    owner = {node.name: number for number, block in enumerate(blocks) for node in block}
    entries: list[set[Ref]] = [set() for _ in blocks]
    exits: list[set[Ref]] = [set() for _ in blocks]
    wires = [(ref, owner.get(node.name)) for node in nodes for ref in node.inputs]
    for ref, reader in [*wires, *((ref, None) for ref in outputs)]:
        source = owner.get(ref[0])
        if source != reader:
            if reader is not None:
                entries[reader].add(ref)
            if source is not None:
                exits[source].add(ref)
    for ins, outs in zip(entries, exits, strict=True):
        if len(ins) != 1 or len(outs) != 1:
            raise ScaleError(f"a block of {stage} has {len(ins)} inputs and {len(outs)} outputs; {WAY_OUT}")
    return [ins.pop() for ins in entries], [outs.pop() for outs in exits]


def _signature(block: Block) -> tuple[object, ...]:
    """Equal for blocks that compute the same, whatever their names, places and rates."""
    place = {node.name: index for index, node in enumerate(block)}
    wires = [tuple((place.get(source, -1), index) for source, index in node.inputs) for node in block]
    return tuple((n.op.kind, repr(n.op.alike()), wire) for n, wire in zip(block, wires, strict=True))


def _copies(block: Block, entry: Ref, exit: Ref, numbers: range) -> list[tuple[Block, Ref]]:
    """Copies of a block behind one another, numbered."""
    found: list[tuple[Block, Ref]] = []
    for number in numbers:
        names = {node.name: _numbered(block, node.name, number) for node in block}
        before = exit if not found else found[-1][1]
        names[entry[0]] = before[0]
        copy = [
            replace(
                node,
                name=names[node.name],
                inputs=tuple(before if ref == entry else (names[ref[0]], ref[1]) for ref in node.inputs),
                block=number,
                width=_pointing(node, names),
            )
            for node in block
        ]
        found.append((copy, (names[exit[0]], exit[1])))
    return found


def _pointing(node: Node, names: dict[str, str]) -> Width | None:
    """The node's width mark, with the new names of the nodes that it follows."""
    mark = node.width
    if mark is None or not {mark.source, mark.less} & names.keys():
        return mark
    return replace(mark, source=names.get(mark.source, mark.source), less=names.get(mark.less, mark.less))


def _rewired(node: Node, moved: dict[Ref, Ref], renames: dict[str, str]) -> Node:
    """The node under its new name, reading the new end of a stage, also as the source of its width.

    Both at once: the copies of a block bear names that others had, and others get the names of blocks left out.
    """
    names = renames | {old[0]: new[0] for old, new in moved.items()}
    inputs = tuple(moved.get((name, index), (renames.get(name, name), index)) for name, index in node.inputs)
    return replace(node, name=renames.get(node.name, node.name), inputs=inputs, width=_pointing(node, names))


# -- names --------------------------------------------------------------------------------------------------


def _counter(block: Block) -> tuple[str, int, int] | None:
    """The text before the number of a block in its nodes' names, the last such number, and the numbers a block takes.

    That is one, or where the nodes themselves are numbered (VGG's "features.7", "features.8") one each. None where
    names have no numbers.
    """
    parts = [node.name.split(".") for node in block]
    shared = 0
    while all(len(part) > shared + 1 and part[shared] == parts[0][shared] for part in parts):
        shared += 1
    if found := INDEX.fullmatch(".".join(parts[0][:shared])):
        return found[1], int(found[2]), 1
    if all(part[shared].isdecimal() for part in parts):
        numbers = [int(part[shared]) for part in parts]
        return "".join(f"{part}." for part in parts[0][:shared]), max(numbers), max(numbers) - min(numbers) + 1
    return None


def _numbered(block: Block, name: str, number: int) -> str:
    """The name of a node in the copy of its block that has `number`."""
    counter = _counter(block)
    if counter is None:
        return f"{name}_{number}"
    text, _, step = counter
    last, found = block[0].block, re.match(r"\d+", name[len(text) :])
    assert last is not None
    assert found is not None
    return f"{text}{int(found[0]) + step * (number - last)}{name[len(text) + found.end() :]}"


def _renumbering(nodes: list[Node], block: Block, more: int) -> dict[str, str]:
    """New names of what is counted behind a stage in the same list, as torchvision's MobileNetV2 counts on.

    What stands behind the last block, as the end of its stage, may bear that block's number.
    """
    counter = _counter(block)
    if counter is None:
        return {}
    text, own, step = counter
    renames = {}
    for node in nodes:
        found = re.match(r"\d+", node.name[len(text) :]) if node.name.startswith(text) else None
        if found and int(found[0]) >= own + (node.block is not None):
            renames[node.name] = f"{text}{int(found[0]) + step * more}{node.name[len(text) + found.end() :]}"
    return renames


# -- stochastic depth ---------------------------------------------------------------------------------------


def _flat(nodes: Iterable[Node]) -> dict[tuple[str, int | None], int]:
    """How many blocks stand before each block."""
    places = dict.fromkeys((node.stage, node.block) for node in nodes if node.block is not None)
    return {place: number for number, place in enumerate(places)}


def drop_path(nodes: list[Node]) -> float:
    """The stochastic-depth rate towards which the blocks' rates grow linearly; 0 where they do not."""
    flat = _flat(nodes)
    found = [
        node.op.rate * node.op.steps(len(flat)) / flat[node.stage, node.block]
        for node in nodes
        if isinstance(node.op, StochasticDepth) and flat.get((node.stage, node.block))
    ]
    return found[0] if found and max(found) - min(found) < 1e-9 else 0.0


def with_rates(nodes: list[Node], rate: float) -> list[Node]:
    """The nodes with stochastic-depth rates that grow linearly towards `rate`."""
    flat = _flat(nodes)
    return [
        replace(node, op=node.op.growing(rate, flat[node.stage, node.block], len(flat)))
        if isinstance(node.op, StochasticDepth) and node.block is not None
        else node
        for node in nodes
    ]


# -- blocks counted by others -------------------------------------------------------------------------------


def recounted(nodes: list[Node]) -> list[Node]:
    """The nodes with the blocks that a network without norms counts, as `Recipe.passed` does."""
    last = {node.stage: node.block for node in nodes if node.block is not None}
    before = dict(zip(last, (0, *(block + 1 for block in last.values())), strict=False))
    return [
        replace(node, op=replace(node.op, blocks=node.block or before[node.stage]))
        if isinstance(node.op, UnitVariance) and node.block is not None
        else node
        for node in nodes
    ]
