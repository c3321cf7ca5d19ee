"""The file: imports, the classes, the table of stages, and the network."""

from __future__ import annotations

import ast
import re

from nas.errors import ExportError
from nas.export.code.blocks import Class, classes_of, columns_of
from nas.export.code.shelf import Shelf
from nas.export.code.skeleton import network_class
from nas.export.code.snippets import READ_WEIGHTS
from nas.export.code.table import stage_text, widths_of
from nas.export.code.text import camel
from nas.export.exporter import identifier
from nas.export.recording import record
from nas.graph import cost
from nas.networks import Network
from nas.version import __version__


def code_of(network: Network) -> str:
    """The file of a network that a table of stages describes; ExportError for any other.

    Its names of tensors are the network's own.
    """
    table = network.architecture
    if table is None:
        raise ExportError(
            f"code: {network.name} is no table of stages, and code without one would be one long list of lines; "
            "onnx, torch-export and safetensors take it"
        )
    recording = record(table, network.num_classes, network.in_chans, network.name)
    if recording.graph.digest() != network.graph.digest():
        raise ExportError(f"code: the graph of {network.name} is not that of its table")
    shelf = Shelf(table.padding == "same")
    drops = table.drop_path > 0
    rows = {id(block): columns_of(recording, table, block, drops) for block in recording.blocks}
    classes: list[Class] = []
    for kind in dict.fromkeys(block.row.block for block in recording.blocks):
        classes += classes_of(recording, [b for b in recording.blocks if b.row.block == kind], rows, shelf, drops)
    stages = stage_text(recording, table, classes, rows, drops)
    before = widths_of(recording, table) == "before"
    named, factory = camel(identifier(network.name)), identifier(network.name)
    skeleton = network_class(recording, named, network, shelf, before)
    parts = [*shelf.text(), *(one.text for one in classes), stages]
    taken = _defined("\n".join([*parts, READ_WEIGHTS]))
    if factory in taken:
        raise ExportError(f"code: the file of {network.name} has a part of that name; give the network another")
    if named in {factory, *taken}:
        named += "Network"
        skeleton = network_class(recording, named, network, shelf, before)
    head = _head(network, table.resolution)
    parts += [skeleton, READ_WEIGHTS, _factory(network, named)]
    whole = "\n\n".join(part.strip("\n") + "\n" for part in parts)
    return head + _imports(whole) + "\n\n" + whole


def _defined(text: str) -> set[str]:
    """The names of a file's classes, functions and values."""
    body = ast.parse(text).body
    found = {one.name for one in body if isinstance(one, ast.ClassDef | ast.FunctionDef)}
    nodes = [node for one in body if isinstance(one, ast.Assign) for node in ast.walk(one)]
    return found | {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _head(network: Network, size: int) -> str:
    total, name = cost(network.graph), identifier(network.name)
    return (
        f'"""{name}: {total.params:,} parameters, {total.macs:,} multiply-adds an image of {size} × {size}.\n\n'
        f"Written by nascli {__version__}; it needs torch alone.\n\n"
        f'    model = {name}("{name}.safetensors")\n"""\n\n'
    )


def _imports(text: str) -> str:
    found = ["from __future__ import annotations", "", "import json"]
    found += ["import math"] * ("math." in text)
    found += ["from collections import OrderedDict"] * ("OrderedDict(" in text)
    found += ["from pathlib import Path", "", "import torch"]
    found += ["import torch.nn.functional as F"] * bool(re.search(r"\bF\.", text))
    return "\n".join([*found, "from torch import Tensor, nn", ""])


def _factory(network: Network, named: str) -> str:
    return (
        f"def {identifier(network.name)}(weights: str | Path | None = None) -> {named}:\n"
        f'    """The network, with the weights of a .safetensors file."""\n'
        f"    model = {named}()\n"
        f"    if weights is not None:\n"
        f"        model.load_state_dict(read_weights(weights))\n"
        f"    return model\n"
    )
