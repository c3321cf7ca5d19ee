"""The block kinds: one file a kind (its columns and its recipe), one line here."""

from __future__ import annotations

from typing import Any

from nas.blocks.fused_mbconv import FusedMBConv
from nas.blocks.inverted_residual import InvertedResidual
from nas.blocks.mbconv import MBConv
from nas.blocks.projection import Projection
from nas.blocks.regnet import RegNetBlock
from nas.blocks.resnet import Basic, Bottleneck
from nas.blocks.row import Stage
from nas.errors import ArchitectureError, unknown

BLOCKS: dict[str, type[Stage]] = {
    "mbconv": MBConv,
    "fused_mbconv": FusedMBConv,
    "inverted_residual": InvertedResidual,
    "projection": Projection,
    "basic": Basic,
    "bottleneck": Bottleneck,
    "regnet": RegNetBlock,
}


def stage(row: Any) -> Stage:
    """The Stage of a mapping with a "block" column; a Stage passes through."""
    if isinstance(row, Stage):
        return row
    if not isinstance(row, dict) or "block" not in row:
        raise ArchitectureError(f"a stage is a table row with a 'block' column, got {row!r}")
    if row["block"] not in BLOCKS:
        raise ArchitectureError(unknown("block", row["block"], BLOCKS))
    return BLOCKS[row["block"]].model_validate(row)


def columns(header: str, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """A table written as in the paper: the column names once, then one tuple a row."""
    names = header.split()
    return [dict(zip(names, row, strict=True)) for row in rows]


def stages(header: str, *rows: tuple[Any, ...]) -> tuple[Stage, ...]:
    """The stages of a table: `stages("block expand kernel stride channels repeats", ("mbconv", 1, 3, 1, 16, 1), …)`."""
    return tuple(stage(row) for row in columns(header, *rows))


__all__ = [
    "BLOCKS",
    "Basic",
    "Bottleneck",
    "FusedMBConv",
    "InvertedResidual",
    "MBConv",
    "Projection",
    "RegNetBlock",
    "Stage",
    "columns",
    "stage",
    "stages",
]
