"""A graph as a JSON document, and back. Nothing here trusts the text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nas.errors import FileError, GraphError, unknown
from nas.files import check_schema, document, parse_json
from nas.graph.node import Node, Ref, Width
from nas.graph.op import Op

SCHEMA = "nascli.graph/1"
MOST_NODES = 200_000


def write_graph(nodes: Iterable[Node], outputs: Iterable[Ref], *, name: str, init: str) -> str:
    """The JSON text of a graph; fields at their default are left out of a node."""
    body = {
        "name": name,
        "init": init,
        "nodes": [_row(node) for node in nodes],
        "outputs": [list(ref) for ref in outputs],
    }
    return json.dumps(document(SCHEMA, body))


def _row(node: Node) -> dict[str, Any]:
    row: dict[str, Any] = {"name": node.name, "op": node.op.kind, **node.op.attributes()}
    row["inputs"] = [list(ref) for ref in node.inputs]
    if node.stage:
        row["stage"] = node.stage
    if node.block is not None:
        row["block"] = node.block
    if (width := node.width) is not None:
        row["width"] = {"origin": width.origin}
        if width.source:
            row["width"]["source"] = width.source
        if width.origin == "derived":
            row["width"] |= {"ratio": width.ratio, "rounding": width.rounding}
    return row


def read_graph(text: str, ops: Mapping[str, type[Op]]) -> tuple[list[Node], list[Ref], dict[str, str]]:
    """The nodes, outputs and {name, init} of a graph document."""
    value = parse_json(text, "graph")
    check_schema(value, SCHEMA, where="graph")
    rows = value.get("nodes")
    if not isinstance(rows, list) or len(rows) > MOST_NODES:
        raise FileError(f"graph: 'nodes' must be a list of at most {MOST_NODES:,} nodes")
    try:
        nodes = [_node(row, ops) for row in rows]
        outputs = [(str(name), int(index)) for name, index in value["outputs"]]
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, (GraphError, FileError)):
            raise
        raise FileError(f"graph: not well formed ({type(error).__name__}: {error})") from None
    return nodes, outputs, {"name": str(value.get("name", "")), "init": str(value.get("init", "default"))}


def _node(row: dict[str, Any], ops: Mapping[str, type[Op]]) -> Node:
    row = dict(row)
    name, kind = str(row.pop("name")), row.pop("op")
    inputs = tuple((str(source), int(index)) for source, index in row.pop("inputs"))
    stage, block, width = str(row.pop("stage", "")), row.pop("block", None), row.pop("width", None)
    if kind not in ops:
        raise GraphError(f"node {name!r}: {unknown('op', kind, ops)}")
    if block is not None and not isinstance(block, int):
        raise GraphError(f"node {name!r}: block must be a whole number, got {block!r}")
    op = _parsed(ops[kind], row, name)
    mark = None if width is None else _parsed(Width, width, name)
    return Node(name, op, inputs, stage, block, mark)


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # made when first needed: one takes a millisecond


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _parsed(kind: type[Any], row: dict[str, Any], name: str) -> Any:
    """`row` as a value of the dataclass `kind`; unknown or ill-typed fields are a GraphError."""
    known = [field.name for field in fields(kind)]
    for field in row:
        if field not in known:
            raise GraphError(f"node {name!r}: {unknown('field', field, known)}")
    try:
        return _adapter(kind).validate_python(row)
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{part}: " for part in first["loc"])
        raise GraphError(f"node {name!r}: {place}{first['msg']}") from None
