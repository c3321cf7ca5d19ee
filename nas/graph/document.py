"""A graph as a JSON document, and back. Nothing here trusts the text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nas.errors import FileError, GraphError, unknown
from nas.files import check_schema, document, parse_json
from nas.graph.node import Node, Ref, Width, wires
from nas.graph.op import Op

SCHEMA = "nascli.graph/1"
KEYS = ("schema", "nascli_version", "name", "init", "taps", "nodes", "outputs")
MOST_NODES = 200_000
# Columns of a width mark and their defaults, at which they are left out.
_SELDOM = {"group": 0, "divisor": 1, "least": 1, "cardinality": 0, "less": ""}


def write_graph(nodes: Iterable[Node], outputs: Iterable[Ref], *, name: str, init: str, taps: str) -> str:
    """The JSON text of a graph; fields at their default are left out of a node."""
    body = {
        "name": name,
        "init": init,
        **({} if taps == "last" else {"taps": taps}),
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
        row["width"] |= {name: value for name, default in _SELDOM.items() if (value := getattr(width, name)) != default}
    return row


def read_graph(text: str, ops: Mapping[str, type[Op]]) -> tuple[list[Node], list[Ref], dict[str, Any]]:
    """The nodes, outputs and {name, init, taps} of a graph document."""
    value = parse_json(text, "graph")
    check_schema(value, SCHEMA, where="graph")
    check_keys(value, KEYS, "graph")
    rows = value.get("nodes")
    if not isinstance(rows, list) or len(rows) > MOST_NODES:
        raise FileError(f"graph: 'nodes' must be a list of at most {MOST_NODES:,} nodes")
    try:
        nodes = [_node(row, ops) for row in rows]
        outputs = wires(value["outputs"], "output")
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, (GraphError, FileError)):
            raise
        raise FileError(f"graph: not well formed ({type(error).__name__}: {error})") from None
    names = {node.name for node in nodes}
    for node in nodes:
        _check_source(node, names)
    return nodes, list(outputs), {key: value[key] for key in ("name", "init", "taps") if key in value}


def check_keys(value: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """FileError that names the first key of a document that is not `known`."""
    for key in value:
        if key not in known:
            raise FileError(f"{where}: {unknown('key', key, known)}")


def _check_source(node: Node, names: set[str]) -> None:
    """The width of a node read from a file must come from a node that is there."""
    mark = node.width
    if mark is not None and (mark.source or mark.origin == "derived") and mark.source not in names:
        raise GraphError(f"node {node.name!r}: {unknown('width source', mark.source, names)}")
    if mark is not None and mark.less and mark.less not in names:
        raise GraphError(f"node {node.name!r}: {unknown('width less', mark.less, names)}")


def _node(row: dict[str, Any], ops: Mapping[str, type[Op]]) -> Node:
    row = dict(row)
    name, kind = row.pop("name"), row.pop("op")
    inputs = wires(row.pop("inputs"), f"node {name!r}: input")
    stage, block, width = row.pop("stage", ""), row.pop("block", None), row.pop("width", None)
    if not isinstance(kind, str) or kind not in ops:
        raise GraphError(f"node {name!r}: {unknown('op', kind, ops)}")
    if width is not None and not isinstance(width, dict):
        raise GraphError(f"node {name!r}: width must be a mapping, got {width!r}")
    op = _parsed(ops[kind], row, name)
    mark = None if width is None else _parsed(Width, width, name)
    return Node(name, op, inputs, stage, block, mark)


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # made when first needed: one takes a millisecond


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _parsed(kind: type[Any], row: dict[str, Any], name: object) -> Any:
    """`row` as a value of the dataclass `kind`; unknown or ill-typed fields are a GraphError ("32" is no 32)."""
    known = [field.name for field in fields(kind)]
    for field in row:
        if field not in known:
            raise GraphError(f"node {name!r}: {unknown('field', field, known)}")
    try:
        return _adapter(kind).validate_json(json.dumps(row), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{part}: " for part in first["loc"])
        raise GraphError(f"node {name!r}: {place}{first['msg'].removeprefix('Value error, ')}") from None
