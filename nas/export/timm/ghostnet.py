"""timm's GhostNet: stacks of Ghost bottlenecks, a 1×1 convolution as wide as the last one's inside, a hidden layer."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import ConvStem, HiddenHead, stage
from nas.blocks.row import Norm
from nas.export.timm.definition import Definition, divisible, norm_settings, refuse
from nas.naming import Place, naming_table
from nas.naming.ghostnet import stacks

KINDS = ("ghost", "conv")
STEM, HIDDEN, STEP = 16, 1280, 4  # timm ghostnet.py: widths that it does not take, and what it rounds others to


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's GhostNet cannot have."""
    rows: Any = table.stages
    *ghosts, last = rows
    if any(row.block != "ghost" for row in ghosts) or not ghosts or table.padding != "symmetric":
        raise refuse(table, "a GhostNet of timm has Ghost bottlenecks, and one convolution behind them")
    if table.stem != ConvStem(channels=STEM):
        raise refuse(table, f"its stem is not timm's: 3×3 of stride 2 to {STEM} channels")
    head = table.head
    if not isinstance(head, HiddenHead) or head.hidden != HIDDEN or head.layer == "conv_norm":
        raise refuse(table, f"the head of a GhostNet of timm has a hidden layer of {HIDDEN} channels without norm")
    if table.norm != Norm() or table.activation != "relu" or table.drop_path:
        raise refuse(table, "a GhostNet of timm has plain batch norms, ReLU and no stochastic depth")
    norm_settings(table)  # refuses other convolutions
    repeats, sizes = tuple(row.repeats for row in rows), tuple((row.channels, row.stride) for row in rows)
    found: dict[int, list[str]] = {}
    width = inner = STEM
    for number, row in enumerate(ghosts, start=1):
        if divisible(row.channels, STEP) != row.channels:
            raise refuse(table, f"timm's GhostNet rounds the {row.channels} channels of stage {number} to {STEP}s")
        for block in range(row.repeats):
            inner = divisible(width * row.expand, STEP)
            told = f"[{row.kernel}, {inner}, {row.channels}, {row.se!r}, {1 if block else row.stride}]"
            found.setdefault(stacks(Place("ghost", number, block, repeats, sizes))["stack"], []).append(told)
            width = row.channels
    if last != stage({"block": "conv", "kernel": 1, "channels": inner}):
        raise refuse(table, f"the last row of a GhostNet of timm is one 1×1 convolution to {inner} channels")
    lines = (
        "STAGES = [  # kernel, inner channels, channels, squeeze, stride",
        *(f"    [{', '.join(stack)}]," for stack in found.values()),
        "]",
    )
    settings = {"cfgs": "STAGES", "drop_rate": repr(head.dropout)}
    told_table = table.model_copy(update={"head": head.model_copy(update={"layer": "conv"})})
    imports = ("from timm.models.ghostnet import GhostNet",)
    return Definition("GhostNet", imports, settings, told_table, naming_table("timm_ghostnet"), lines)
