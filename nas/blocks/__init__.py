"""The kinds of blocks, stems and heads: one file a kind (its columns and its recipe), one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from nas.blocks.ends import ConvStem, PoolHead
from nas.blocks.fused_mbconv import FusedMBConv
from nas.blocks.inverted_residual import InvertedResidual
from nas.blocks.mbconv import MBConv
from nas.blocks.projection import Projection
from nas.blocks.regnet import RegNetBlock
from nas.blocks.resnet import Basic, Bottleneck
from nas.blocks.row import Head, Row, Stage, Stem
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


STEMS: dict[str, type[Stem]] = {
    "conv": ConvStem,
}

HEADS: dict[str, type[Head]] = {
    "pool": PoolHead,
}

Kind = TypeVar("Kind", bound=Row)


def stage(row: Any) -> Stage:
    """The Stage of a mapping with a "block" column; a Stage passes through."""
    if not isinstance(row, (Stage, dict)) or (isinstance(row, dict) and "block" not in row):
        raise ArchitectureError(f"a stage is a table row with a 'block' column, got {row!r}")
    return _typed(row, "block", BLOCKS, Stage, "")


def stem(row: Any) -> Stem:
    """The Stem of a mapping, by its "stem" column ("conv" where it has none); a Stem passes through."""
    return _typed(row, "stem", STEMS, Stem, "conv")


def head(row: Any) -> Head:
    """The Head of a mapping, by its "head" column ("pool" where it has none); a Head passes through."""
    return _typed(row, "head", HEADS, Head, "pool")


def _typed(row: Any, column: str, kinds: Mapping[str, type[Kind]], base: type[Kind], default: str) -> Kind:
    """The row as the class that its `column` names."""
    if isinstance(row, base):
        return row
    if not isinstance(row, dict):
        raise ArchitectureError(f"a {column} is a table row, got {row!r}")
    kind = row.get(column, default)
    if kind not in kinds:
        raise ArchitectureError(unknown(column, kind, kinds))
    return kinds[kind].model_validate(row)


def columns(header: str, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """A table written as in the paper: the column names once, then one tuple a row."""
    names = header.split()
    return [dict(zip(names, row, strict=True)) for row in rows]


def stages(header: str, *rows: tuple[Any, ...]) -> tuple[Stage, ...]:
    """The stages of a table: `stages("block expand kernel stride channels repeats", ("mbconv", 1, 3, 1, 16, 1), …)`."""
    return tuple(stage(row) for row in columns(header, *rows))


__all__ = [
    "BLOCKS",
    "HEADS",
    "STEMS",
    "Basic",
    "Bottleneck",
    "ConvStem",
    "FusedMBConv",
    "Head",
    "InvertedResidual",
    "MBConv",
    "PoolHead",
    "Projection",
    "RegNetBlock",
    "Stage",
    "Stem",
    "columns",
    "head",
    "stage",
    "stages",
    "stem",
]
