"""The weights as safetensors and the network as JSON: what `nas.weights` and `nas.networks` read."""

from __future__ import annotations

import json
from pathlib import Path

from nas.compiler import compile_graph
from nas.export.comparing import module_run
from nas.export.exporter import Run, Source
from nas.files import write_text
from nas.networks import Network, load_network, network_document
from nas.weights import load_weights, save_weights


def check(network: Network) -> None:
    """Any network."""


def write(source: Source, folder: Path) -> list[Path]:
    """NAME.safetensors and NAME.json."""
    weights, described = folder / f"{source.name}.safetensors", folder / f"{source.name}.json"
    save_weights(source.model, weights)
    write_text(described, json.dumps(network_document(source.network, with_graph=True), indent=1))
    return [weights, described]


def reopen(source: Source, folder: Path) -> Run:
    """The network of the JSON file, compiled, with the weights."""
    graph = load_network(str(folder / f"{source.name}.json")).graph
    model = compile_graph(graph, init="none").eval()
    load_weights(model, folder / f"{source.name}.safetensors")
    return module_run(model)
