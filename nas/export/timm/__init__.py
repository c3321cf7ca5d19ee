"""From a table of stages to a definition that timm builds. One file a class of timm, one line here."""

from __future__ import annotations

import re
from collections.abc import Callable

from nas.architecture import Architecture
from nas.errors import ExportError
from nas.export.exporter import identifier
from nas.export.recording import record
from nas.export.timm import (
    convnext,
    densenet,
    efficientnet,
    ghostnet,
    inception_next,
    nfnet,
    regnet,
    resnet,
    resnetv2,
    vgg,
)
from nas.export.timm.definition import Definition
from nas.networks import Network
from nas.tensors import tensor_shapes
from nas.version import __version__

LEAST = "1.0.8"  # of timm: the first that builds every kind of definition to equal outputs, tried up to 1.0.31

Define = Callable[[Architecture], Definition]

# Which blocks each of timm's classes knows, behind which stem ("": several), and how a table becomes its model.
DEFINITIONS: tuple[tuple[tuple[str, ...], str, Define], ...] = (
    (vgg.KINDS, "none", vgg.define),
    (efficientnet.KINDS, "", efficientnet.define),
    (resnet.KINDS, "", resnet.define),
    (resnetv2.KINDS, "", resnetv2.define),
    (regnet.KINDS, "", regnet.define),
    (densenet.KINDS, "", densenet.define),
    (ghostnet.KINDS, "", ghostnet.define),
    (convnext.KINDS, "", convnext.define),
    (inception_next.KINDS, "", inception_next.define),
    (nfnet.KINDS, "", nfnet.define),
)


def definition_of(network: Network) -> Definition:
    """The definition of a network; ExportError that names what timm does not know."""
    if network.architecture is None:
        raise ExportError(f"timm: {network.name} is no table of stages; onnx, torch-export and safetensors take it")
    kinds = dict.fromkeys(row.block for row in network.architecture.stages)
    for known, stem, define in DEFINITIONS:
        if set(kinds) <= set(known) and stem in ("", network.architecture.stem.stem):
            return define(network.architecture)
    told = sorted({kind for known, _, _ in DEFINITIONS for kind in known})
    strange = next((kind for kind in kinds if kind not in told), None)
    if strange is None:
        raise ExportError(f"timm: no class of timm mixes blocks {' and '.join(map(repr, kinds))}")
    raise ExportError(f"timm: blocks {strange!r} have no definition here; known: {', '.join(told)}")


def renamed(network: Network, definition: Definition) -> dict[str, str]:
    """From the names of the network's modules with weights to timm's, where they differ."""
    theirs = record(definition.table, network.num_classes, network.in_chans, network.name, definition.naming).graph
    names = [
        [node.name for node in graph.nodes.values() if tensor_shapes(node.op)] for graph in (network.graph, theirs)
    ]
    return {ours: other for ours, other in zip(*names, strict=True) if ours != other}


def registered(name: str) -> str:
    """The name under which timm knows the model: unlike any of its own."""
    return f"nas_{name}"


def text_of(network: Network) -> str:
    """A Python file that registers the model and loads the network's weights into it."""
    definition, name = definition_of(network), identifier(network.name)
    settings = {"num_classes": str(network.num_classes), "in_chans": str(network.in_chans), **definition.settings}
    lines = [f"        {key}={value}," for key, value in settings.items()]
    needed = "\n".join((*lines, *definition.lines))
    imports = [
        *["from functools import partial", ""] * ("partial(" in needed),
        "from safetensors.torch import load_file",
        "from timm.models import register_model",
        *definition.imports,
        *["from timm.models._efficientnet_blocks import SqueezeExcite"] * ("SqueezeExcite" in needed),
        *["from timm.models._efficientnet_builder import round_channels"] * ("round_channels" in needed),
        *["from torch import nn"] * bool(re.search(r"\bnn\.", needed)),
    ]
    helper = [
        "def rounded_down(channels):",
        '    """A squeezed width: rounded down, but for what a float loses."""',
        "    return max(1, int(channels + 1e-6))",
        "",
        "",
    ]
    table = renamed(network, definition)
    keys = [f'    "{ours}": "{theirs}",' for ours, theirs in table.items()]
    return "\n".join(
        [
            f'"""{name} for timm {LEAST} or newer; written by nascli {__version__}.',
            "",
            f"    import timm, {name}_timm",
            f'    model = timm.create_model("{registered(name)}")',
            f'    {name}_timm.load_weights(model, "{name}.safetensors")',
            '"""',
            "",
            *imports,
            *["", *definition.lines] * bool(definition.lines),
            "",
            "",
            *helper * ("rounded_down" in needed),
            "@register_model",
            f"def {registered(name)}(pretrained=False, **settings):",
            f'    """{name}; `settings` overrule its own."""',
            "    own = dict(",
            *lines,
            "    )",
            '    about_weights = ("pretrained_cfg", "pretrained_cfg_overlay", "cache_dir")  # timm hands them in',
            "    settings = {key: value for key, value in settings.items() if key not in about_weights}",
            f"    return {definition.model}(**{{**own, **settings}})",
            "",
            "",
            "def load_weights(model, path):",
            '    """Load the weights of a .safetensors file, every one of them."""',
            "    wanted, weights = model.state_dict(), {}",
            "    for key, tensor in load_file(path).items():",
            '        module, _, part = key.rpartition(".")',
            '        key = KEYS.get(key) or f"{KEYS.get(module, module)}.{part}"',
            "        weights[key] = tensor.reshape(wanted[key].shape) if key in wanted else tensor",
            "    model.load_state_dict(weights)",
            "",
            "",
            "# The names of this network's modules, and timm's, where they differ.",
            "KEYS = {",
            *keys,
            "}",
            "",
        ]
    )


__all__ = ["DEFINITIONS", "LEAST", "definition_of", "registered", "text_of"]
