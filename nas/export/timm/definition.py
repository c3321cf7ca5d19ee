"""What a definition for timm is: its imports, what stands before the model, and how the model is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nas.architecture import Architecture
from nas.blocks.row import Norm
from nas.errors import ExportError
from nas.export.code.ops import ACTIVATIONS
from nas.naming import Naming


@dataclass(frozen=True)
class Definition:
    """A model of timm: its class, the lines in front of it, its settings as Python says them, and the names of its
    modules, as those of `table`, which is the network's own but for what timm calls otherwise."""

    model: str
    imports: tuple[str, ...]
    settings: Mapping[str, str]
    table: Architecture
    naming: Naming
    lines: tuple[str, ...] = field(default=())


def refuse(table: Architecture, what: str) -> ExportError:
    """The error for a network that timm cannot express."""
    return ExportError(f"timm: {what}; onnx, torch-export, code and safetensors take it")


def norm_settings(table: Architecture) -> dict[str, str]:
    """The norm and the activation, as timm's models take them."""
    norm = table.norm
    if norm.kind != "batch" or table.convolution.kind != "plain" or table.activation_gain:
        raise refuse(table, f"its {norm.kind} norms and {table.convolution.kind} convolutions have no definition here")
    told = {key: getattr(norm, key) for key in ("eps", "momentum") if getattr(norm, key) != getattr(Norm(), key)}
    norms = ", ".join(["nn.BatchNorm2d", *(f"{key}={value!r}" for key, value in told.items())])
    return {
        "act_layer": ACTIVATIONS[table.activation],
        **({"norm_layer": f"partial({norms})"} if told else {}),
    }


def rates(table: Architecture) -> dict[str, str]:
    """The rates of dropout and stochastic depth."""
    found = {"drop_rate": table.head.dropout, "drop_path_rate": table.drop_path}
    return {key: repr(value) for key, value in found.items() if value}
