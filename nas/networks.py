"""Networks by name or file: what every command that takes "NAME or FILE" reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nas import zoo
from nas.architecture import Architecture, one_line
from nas.cells import CellNetwork
from nas.errors import ArchitectureError, FileError, unknown
from nas.files import check_schema, document, parse_json, read_text
from nas.graph import Graph
from nas.graph.document import SCHEMA as GRAPH
from nas.graph.document import check_keys
from nas.lowering import Description, lower

NETWORK = "nascli.network/1"  # an architecture with its graph, and whatever a search says of it
ARCHITECTURE = "nascli.architecture/1"
BEST = "best.json"
# What a document of either kind may say, and of these what a search says of its winner (only told, not read back).
TOLD = ("space", "score_unit", "digest", "score", "low", "high", "macs", "params", "activations", "memory", "latency")
KEYS = ("schema", "nascli_version", "name", "num_classes", "in_chans", "architecture", "graph", *TOLD)


@dataclass(frozen=True)
class Network:
    """A graph with its name, and its architecture where it has one: a table of stages, or a description of `cells`."""

    name: str
    graph: Graph
    architecture: Architecture | None = None
    num_classes: int = 1000
    in_chans: int = 3
    cells: CellNetwork | None = None

    @classmethod
    def of(cls, described: Description, num_classes: int, in_chans: int, graph: Graph) -> Network:
        """The network of a description, whose graph is there already."""
        table = described if isinstance(described, Architecture) else None
        cells = described if isinstance(described, CellNetwork) else None
        return cls(graph.name, graph, table, num_classes, in_chans, cells)

    @property
    def described(self) -> Description | None:
        """The table or the cells; None for a bare graph."""
        return self.architecture or self.cells

    @property
    def kind(self) -> str:
        """What it is given as, in words."""
        return "a table of stages" if self.architecture else "a network of cells" if self.cells else "a bare graph"

    def with_description(self, described: Description, name: str) -> Network:
        """Another architecture with the classes and channels of this network."""
        graph = lower(described, self.num_classes, self.in_chans, name=name)
        return Network.of(described, self.num_classes, self.in_chans, graph)


def load_network(name: str, *, num_classes: int | None = None) -> Network:
    """A network of the zoo, or of a JSON file (a search's best.json, an architecture, a graph).

    `num_classes` replaces that of the table (a bare graph has none to replace). Raises ArchitectureError, FileError or
    GraphError in one line.
    """
    path = Path(name)
    if path.is_dir() and (path / BEST).is_file():
        return load_network(str(path / BEST), num_classes=num_classes)  # a search's folder
    if path.suffix != ".json" and not path.is_file():
        try:
            known, one = zoo.canonical(name), zoo.entry(name)
        except ArchitectureError:
            if path.is_dir():
                raise FileError(f"{name}: a folder without {BEST}: no search has ended there") from None
            raise
        classes = one.num_classes if num_classes is None else num_classes
        if one.architecture is None:
            cells = one.plan.cells if one.plan else None
            return Network(known, zoo.build(known, num_classes=classes), None, classes, one.in_chans, cells)
        table = one.architecture()
        return Network(known, lower(table, classes, name=known), table, classes)
    text = read_text(path)
    value = parse_json(text, name)
    schema = check_schema(value, NETWORK, ARCHITECTURE, GRAPH, where=name)
    if schema == GRAPH:
        if num_classes is not None:
            raise FileError(f"{name}: a bare graph; its number of classes is part of it")
        graph = Graph.from_json(text)
        return Network(graph.name or path.stem, graph)
    check_keys(value, KEYS, name)
    for key in ("architecture", "name"):
        if key not in value:
            raise FileError(f"{name}: not well formed: no {key!r}")
    if not isinstance(value["name"], str):
        raise FileError(f"{name}: name must be a text, got {value['name']!r}")
    if value["architecture"] is None and "graph" in value:
        return Network(value["name"], Graph.from_json(json.dumps(value["graph"])).named(value["name"]))
    try:
        described = read_description(value["architecture"])
    except ArchitectureError as error:
        raise FileError(f"{name}: {error}") from None
    classes, channels = _count(value, "num_classes", 1000, name), _count(value, "in_chans", 3, name)
    classes = classes if num_classes is None else num_classes
    graph = lower(described, classes, channels, name=value["name"])
    if value.get("graph") is not None:  # the same network may stand there under names of its own, as its weights do
        stated = Graph.from_json(json.dumps(value["graph"])).named(value["name"])
        graph = stated if stated.digest() == graph.digest() else graph
    return Network.of(described, classes, channels, graph)


def read_description(value: Any) -> Description:
    """A table of stages, or what `kind` says, from plain data; raises ArchitectureError in one line."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind is None:
        return Architecture.read(value)
    if kind != "cells":
        raise ArchitectureError(unknown("kind of architecture", str(kind), ("cells",)))
    try:
        return CellNetwork.model_validate(value)
    except ValidationError as error:
        raise ArchitectureError(one_line(error, "architecture")) from None


def network_document(network: Network, *, with_graph: bool = False, **more: Any) -> dict[str, Any]:
    """A network as a document that `load_network` reads: its table, `more` of what is known of it, and its graph.

    A bare graph has no table, so its graph is always there.
    """
    assert set(more) <= set(TOLD), set(more) - set(TOLD)  # what is not in TOLD could not be read back
    body = {
        "name": network.name,
        **more,
        "num_classes": network.num_classes,
        "in_chans": network.in_chans,
        "architecture": network.described and network.described.model_dump(mode="json"),
    }
    if with_graph := with_graph or network.described is None:
        body["graph"] = json.loads(network.graph.to_json())
    return document(NETWORK if with_graph else ARCHITECTURE, body)


def network_text(network: Network) -> str:
    """The JSON text that `load_network` reads: the table or the cells where there are any, else the graph."""
    if network.described is None:
        return network.graph.to_json()
    return json.dumps(network_document(network), indent=1)


def _count(value: dict[str, Any], key: str, default: int, where: str) -> int:
    found = value.get(key, default)
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= 2**20:
        raise FileError(f"{where}: {key} must be a whole number up to {2**20:,}, got {found!r}")
    return found
