"""timm's DenseNet: dense blocks of one growth rate, which transitions halve."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import ConvStem, PreActHead
from nas.export.timm.definition import Definition, norm_settings, rates, refuse
from nas.naming import Naming, densenet

KINDS = ("dense",)
HEAD = {**densenet.TORCHVISION.parts["head"], "norm": "features.norm5"}  # timm densenet.py: after any number of stages


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's DenseNet cannot have."""
    rows: Any = table.stages
    growth, ratio = rows[0].channels, rows[0].ratio
    shared = {(row.channels, row.ratio, row.kernel) for row in rows}
    if shared != {(growth, ratio, 3)} or ratio % 1 or {row.compression for row in rows} != {0.5}:
        raise refuse(table, "a DenseNet of timm has one growth rate, one whole ratio, 3×3 kernels and compression 0.5")
    if [row.stride for row in rows] != [1, *[2] * (len(rows) - 1)]:
        raise refuse(table, "the stages of a DenseNet of timm have strides 1, 2, 2, …")
    if table.stem != ConvStem(channels=2 * growth, kernel=7, pool=True):
        raise refuse(table, "its stem is not timm's: 7×7 of stride 2 to twice the growth rate, and max pooling")
    if not isinstance(table.head, PreActHead) or table.padding != "symmetric":
        raise refuse(table, f"a head {table.head.head!r} behind dense blocks has no definition here")
    settings = {
        "growth_rate": str(growth),
        "block_config": str(tuple(row.repeats for row in rows)),
        **({} if ratio == 4 else {"bn_size": str(int(ratio))}),
        **norm_settings(table),
        **rates(table, drop_path=None),
    }
    told = table.model_copy(update={"head": table.head.model_copy(update={"classifier": "linear"})})
    naming = Naming(densenet.TORCHVISION.prefix, {**densenet.TORCHVISION.parts, "head": HEAD})
    return Definition("DenseNet", ("from timm.models.densenet import DenseNet",), settings, told, naming)
