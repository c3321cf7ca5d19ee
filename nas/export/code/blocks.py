"""The classes of blocks: one for a kind, or one for each form that has nothing in common with the others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from nas.architecture import Architecture
from nas.errors import ExportError
from nas.export.code.classes import body, sequence
from nas.export.code.group import ENTRY, NoCommonForm, merged
from nas.export.code.maker import Maker
from nas.export.code.ops import ACTIVATIONS
from nas.export.code.scope import Scope
from nas.export.code.shelf import Shelf
from nas.export.code.text import camel, class_text, first_sentences, signature
from nas.export.code.tree import Item, grow
from nas.export.recording import Block, Recording, input_channels
from nas.graph.ops import StochasticDepth, UnitVariance

FIXED = ("inputs", "channels", "stride")  # what every block's constructor takes first
KEYWORDS = ("drop_path", "passed")  # what changes from block to block of a stage


@dataclass
class Class:
    """A class of blocks: its name, text, the columns that it reads, and its blocks."""

    name: str
    text: str
    columns: list[str]
    blocks: list[Block]
    grows: bool


def columns_of(recording: Recording, table: Architecture, block: Block, drops: bool) -> dict[str, Any]:
    """What a block's constructor may know: what it reads, its row's columns, and its place."""
    row = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in block.row.model_dump().items()
        if name not in ("block", "repeats", "channels", "stride")
    }
    if "activation" in row:
        row["activation"] = ACTIVATIONS[str(row["activation"] or table.activation)]
    row = {name: value for name, value in row.items() if isinstance(value, (int, float)) or name == "activation"}
    told: dict[str, Any] = {
        "inputs": input_channels(recording, block),
        "channels": block.row.channels,
        "stride": block.row.stride if block.number == 0 else 1,
        **row,
    }
    if drops:
        told["drop_path"] = next((n.op.rate for n in block.nodes if isinstance(n.op, StochasticDepth)), 0.0)
    if any(isinstance(node.op, UnitVariance) for node in block.nodes):
        before = table.stages[block.stage - 2].repeats if block.stage > 1 else 0
        told["passed"] = block.number or before
    return told


def classes_of(
    recording: Recording, blocks: list[Block], rows: dict[int, dict[str, Any]], shelf: Shelf, drops: bool
) -> list[Class]:
    """One class for all blocks, or where they have no common form one for those that begin a stage and one for others,
    or one for each form."""
    kind = blocks[0].row.block
    name = type(blocks[0].row).__name__

    def by(key: Callable[[Block], Hashable]) -> list[tuple[str, list[Block]]]:
        found: dict[Hashable, list[Block]] = {}
        for block in blocks:
            found.setdefault(key(block), []).append(block)
        return [(name if n == 0 else f"{name}{n + 1}", members) for n, members in enumerate(found.values())]

    firsts = [b for b in blocks if b.number == 0]
    others = [b for b in blocks if b.number]
    variants = by(lambda b: b.row.variant)
    ways = [
        [(name, blocks)],
        [(name + camel(b[0].row.variant.removeprefix(kind)), b) for _, b in variants] if len(variants) > 1 else [],
        [(f"{name}First", firsts), (name, others)] if others else [],
        by(lambda b: (tuple(recording.roles[n.name] for n in b.nodes), tuple(n.op.kind for n in b.nodes))),
        by(lambda b: (b.stage, b.number == 0)),
    ]
    for way in ways:
        if not way:
            continue
        kept = shelf.used.copy(), shelf.composites.copy(), shelf.parts.copy()
        try:
            return [_class(recording, one, members, rows, shelf, drops) for one, members in way]
        except NoCommonForm:
            shelf.used, shelf.composites, shelf.parts = kept
    raise ExportError(f"code: blocks {kind!r} of stage {blocks[0].stage} have no form that can be written as a class")


def _class(
    recording: Recording, name: str, blocks: list[Block], rows: dict[int, dict[str, Any]], shelf: Shelf, drops: bool
) -> Class:
    group = merged(recording, blocks, [rows[id(block)] for block in blocks], drops)
    scope = Scope([dict(rows[id(block)]) for block in blocks])
    if len({tuple(sorted(row)) for row in scope.rows}) > 1:
        raise NoCommonForm
    m = Maker(group, scope, shelf, [True] * len(blocks), shelf.same, symbols={ENTRY: "inputs"})
    items = grow(list(group.uses.values()))
    root = Item([None] * len(blocks), list(group.uses.values()), items)
    doc = first_sentences(type(blocks[0].row).__doc__ or name)
    base = "nn.Sequential"
    text = sequence(m, root)
    if text is None:
        if not blocks[0].whole:
            raise NoCommonForm
        text, base = body(m, items, [ENTRY] * len(blocks), list(group.results)), "nn.Module"
    if "make_divisible" in "".join((*scope.locals.values(), *text)):
        shelf.needs("make_divisible")
    columns = [n for n in scope.columns if n in scope.used and n not in (*FIXED, *KEYWORDS)]
    keywords = [n for n in KEYWORDS if n in scope.rows[0]]
    defined = [f"{n} = {told}" for n, told in scope.locals.items() if n in scope.used]
    told = class_text(name, base, doc, signature([*FIXED, *columns, *keywords], kinds(scope, columns)), text, defined)
    grows = group.results[0] != ENTRY and all(
        group.shape(result, n)[0] == row["inputs"] + row["channels"] != row["channels"]
        for n, (result, row) in enumerate(zip(group.results, scope.rows, strict=True))
    )
    return Class(name, told, columns, blocks, grows)


def kinds(scope: Scope, columns: Sequence[str]) -> dict[str, str]:
    """The type of each column."""
    found = {}
    for name in columns:
        values = [row[name] for row in scope.rows]
        kind = "bool" if all(isinstance(v, bool) for v in values) else "int"
        kind = "float" if any(isinstance(v, float) for v in values) else kind
        found[name] = "type[nn.Module]" if any(isinstance(v, str) for v in values) else kind
    return found
