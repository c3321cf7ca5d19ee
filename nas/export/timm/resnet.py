"""timm's ResNet: four stages of basic or bottleneck blocks."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import ConvStem, DeepStem, PoolHead
from nas.export.timm.definition import Definition, norm_settings, rates, refuse
from nas.naming import naming_table

KINDS = ("basic", "bottleneck")
EXPANSION = {"basic": 1, "bottleneck": 4}  # timm resnet.py: a block's output over its "channels"


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's ResNet cannot have."""
    rows: Any = table.stages
    first = rows[0]
    if [row.stride for row in rows] != [1, 2, 2, 2] or len({row.block for row in rows}) > 1:
        raise refuse(table, "a ResNet of timm has four stages of one kind of block, of strides 1, 2, 2 and 2")
    block = {"basic": "BasicBlock", "bottleneck": "Bottleneck"}[first.block]
    planes = [row.channels // EXPANSION[first.block] for row in rows]
    settings = {"block": block, "layers": str(tuple(row.repeats for row in rows))}
    if planes != [64, 128, 256, 512]:
        settings["channels"] = str(tuple(planes))
    settings |= _stem(table) | norm_settings(table) | rates(table)
    same = ("kernel", "se", "se_act", "reduce", "shortcut_kernel", "shortcut_pool", "ratio")
    told = [{key: getattr(row, key) for key in same if key in type(row).model_fields} for row in rows]
    if any(one != told[0] for one in told) or first.kernel != 3:
        raise refuse(table, "the stages of a ResNet of timm differ in width and depth alone, and its kernels are 3×3")
    if not isinstance(table.head, PoolHead) or table.head.channels or table.padding != "symmetric":
        raise refuse(table, f"a head {table.head.head!r} behind residual blocks has no definition here")
    if first.block == "bottleneck":
        settings |= _bottleneck(table, rows, planes)
    if first.se:
        if getattr(first, "se_act", False):
            raise refuse(table, "an activation between a branch and its squeeze has no definition here")
        settings["block_args"] = f"dict(attn_layer=partial(SEModule, rd_ratio={first.se!r}, rd_divisor=1))"
    imports = [f"from timm.models.resnet import {block}, ResNet"]
    imports += ["from timm.layers import SEModule"] * bool(first.se)
    return Definition("ResNet", tuple(imports), settings, table, naming_table("timm_resnet"))


def _stem(table: Architecture) -> dict[str, str]:
    stem = table.stem
    if stem == ConvStem(channels=64, kernel=7, pool=True):
        return {}
    if isinstance(stem, DeepStem) and stem.channels == 2 * stem.hidden and not stem.ceil:
        return {"stem_type": '"deep"', "stem_width": str(stem.hidden)}
    raise refuse(table, "its stem is not one of timm's: 7×7 to 64 channels, or deep and twice as wide at its end")


def _bottleneck(table: Architecture, rows: Any, planes: list[int]) -> dict[str, str]:
    """The inner widths: floor(planes × base_width / 64) × cardinality (timm resnet.py)."""
    first = rows[0]
    inner = [round(row.ratio * row.channels) for row in rows]
    groups = {width // row.group_width if row.group_width else 1 for width, row in zip(inner, rows, strict=True)}
    cardinality = groups.pop()
    base = inner[0] / cardinality * 64 / planes[0]
    made = [int(plane * (base / 64)) * cardinality for plane in planes]
    if groups or base % 1 or made != inner:
        raise refuse(table, "its inner widths are none that timm's cardinality and base width make")
    found = {"cardinality": str(cardinality), "base_width": str(int(base))}
    found = {key: value for key, value in found.items() if value != {"cardinality": "1", "base_width": "64"}[key]}
    if first.reduce != 1:
        found["block_reduce_first"] = str(round(1 / first.reduce))
    if first.shortcut_kernel != 1:
        found["down_kernel_size"] = str(first.shortcut_kernel)
    return found | ({"avg_down": "True"} if first.shortcut_pool else {})
