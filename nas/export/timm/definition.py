"""What a definition for timm is: its imports, what stands before the model, and how the model is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nas.architecture import Architecture
from nas.blocks.row import Norm
from nas.errors import ExportError
from nas.export.code.ops import ACTIVATIONS
from nas.graph import Width
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


def rates(table: Architecture, drop_path: Literal["end", "last"] | None = "last") -> dict[str, str]:
    """The rates of dropout and stochastic depth; `drop_path` says which block of timm's class has all of it: the last,
    or the one that would be behind it ("end"). None: it has no stochastic depth, nor have the blocks it knows."""
    blocks = sum(row.repeats for row in table.stages)
    steps = {"end": blocks, "last": max(1, blocks - 1)}
    found = {"drop_rate": table.head.dropout}
    if drop_path is not None:
        same = drop_path == table.drop_path_at
        found["drop_path_rate"] = table.drop_path * (1 if same else steps[drop_path] / steps[table.drop_path_at])
    return {key: repr(value) for key, value in found.items() if value}


def divisible(width: float, divisor: int) -> int:
    """A width as timm's make_divisible rounds it."""
    return Width("derived", ratio=width, rounding="divisible", divisor=divisor).channels(1)
