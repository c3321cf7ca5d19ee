"""The kinds of blocks, stems and heads: one file a kind (its columns and its recipe), one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from nas.blocks.conv import Conv
from nas.blocks.convnext import ConvNeXtBlock, InceptionNeXtBlock, MlpHead, NormHead, PatchStem
from nas.blocks.dense import Dense
from nas.blocks.ends import ConvStem, DeepStem, PoolHead
from nas.blocks.fused_mbconv import FusedMBConv
from nas.blocks.ghost import GhostBottleneck
from nas.blocks.inverted_residual import InvertedResidual
from nas.blocks.mbconv import MBConv
from nas.blocks.mobilenetv3 import HiddenHead, MobileNetV3Block
from nas.blocks.nfnet import NFBlock, QuadStem
from nas.blocks.preact import PreActBottleneck, PreActHead, PreActStem
from nas.blocks.projection import Projection
from nas.blocks.regnet import RegNetBlock
from nas.blocks.res2net import Res2NetBlock
from nas.blocks.resnest import ResNeStBlock
from nas.blocks.resnet import Basic, Bottleneck
from nas.blocks.row import Head, Row, Stage, Stem
from nas.blocks.selective_kernel import SelectiveBasic, SelectiveBottleneck
from nas.blocks.separable import Separable
from nas.blocks.shufflenet import ShuffleNetUnit, ShuffleNetV2Unit
from nas.blocks.uib import UniversalInvertedBottleneck
from nas.blocks.van import VanBlock
from nas.blocks.vgg import FlatHead, NoStem
from nas.errors import ArchitectureError, unknown

BLOCKS: dict[str, type[Stage]] = {
    "mbconv": MBConv,
    "fused_mbconv": FusedMBConv,
    "inverted_residual": InvertedResidual,
    "mobilenetv3": MobileNetV3Block,
    "separable": Separable,
    "uib": UniversalInvertedBottleneck,
    "ghost": GhostBottleneck,
    "shufflenet": ShuffleNetUnit,
    "shufflenetv2": ShuffleNetV2Unit,
    "conv": Conv,
    "projection": Projection,
    "basic": Basic,
    "bottleneck": Bottleneck,
    "selective_basic": SelectiveBasic,
    "selective_bottleneck": SelectiveBottleneck,
    "resnest": ResNeStBlock,
    "res2net": Res2NetBlock,
    "preact_bottleneck": PreActBottleneck,
    "nfnet": NFBlock,
    "regnet": RegNetBlock,
    "convnext": ConvNeXtBlock,
    "inception_next": InceptionNeXtBlock,
    "van": VanBlock,
    "dense": Dense,
}


STEMS: dict[str, type[Stem]] = {
    "conv": ConvStem,
    "patch": PatchStem,
    "deep": DeepStem,
    "preact": PreActStem,
    "quad": QuadStem,
    "none": NoStem,
}

HEADS: dict[str, type[Head]] = {
    "pool": PoolHead,
    "norm": NormHead,
    "mlp": MlpHead,
    "preact": PreActHead,
    "hidden": HiddenHead,
    "flat": FlatHead,
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
    if not isinstance(kind, str) or kind not in kinds:
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
    "Conv",
    "ConvNeXtBlock",
    "ConvStem",
    "DeepStem",
    "Dense",
    "FlatHead",
    "FusedMBConv",
    "GhostBottleneck",
    "Head",
    "HiddenHead",
    "InceptionNeXtBlock",
    "InvertedResidual",
    "MBConv",
    "MlpHead",
    "MobileNetV3Block",
    "NFBlock",
    "NoStem",
    "NormHead",
    "PatchStem",
    "PoolHead",
    "PreActBottleneck",
    "PreActHead",
    "PreActStem",
    "Projection",
    "QuadStem",
    "RegNetBlock",
    "Res2NetBlock",
    "ResNeStBlock",
    "SelectiveBasic",
    "SelectiveBottleneck",
    "Separable",
    "ShuffleNetUnit",
    "ShuffleNetV2Unit",
    "Stage",
    "Stem",
    "UniversalInvertedBottleneck",
    "VanBlock",
    "columns",
    "head",
    "stage",
    "stages",
    "stem",
]
