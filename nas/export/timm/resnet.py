"""timm's ResNet: four stages of residual blocks; the class takes ResNeSt's, Res2Net's and selective ones as well."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import ConvStem, DeepStem, PoolHead
from nas.export.timm.definition import Definition, norm_settings, rates, refuse
from nas.naming import naming_table

BLOCKS = {  # timm's class, the file of it, and how a block's output relates to what timm calls its "channels"
    "basic": ("BasicBlock", "resnet", 1),
    "bottleneck": ("Bottleneck", "resnet", 4),
    "selective_basic": ("SelectiveKernelBasic", "sknet", 1),
    "selective_bottleneck": ("SelectiveKernelBottleneck", "sknet", 4),
    "resnest": ("ResNestBottleneck", "resnest", 4),
    "res2net": ("Bottle2neck", "res2net", 4),
}
KINDS = tuple(BLOCKS)
SIZES = {"channels", "repeats", "stride", "group_width"}  # the columns in which stages may differ


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's ResNet cannot have."""
    rows: Any = table.stages
    first = rows[0]
    if [row.stride for row in rows] != [1, 2, 2, 2] or len({row.block for row in rows}) > 1:
        raise refuse(table, "a ResNet of timm has four stages of one kind of block, of strides 1, 2, 2 and 2")
    block, file, expansion = BLOCKS[first.block]
    planes = [row.channels // expansion for row in rows]
    settings = {"block": block, "layers": str(tuple(row.repeats for row in rows))}
    if planes != [64, 128, 256, 512]:
        settings["channels"] = str(tuple(planes))
    settings |= _stem(table) | norm_settings(table) | rates(table)
    told = [row.model_dump(exclude=SIZES) for row in rows]
    if any(one != told[0] for one in told) or told[0].get("kernel", 3) != 3:
        raise refuse(table, "the stages of a ResNet of timm differ in width and depth alone, and its kernels are 3×3")
    if not isinstance(table.head, PoolHead) or table.head.channels or table.padding != "symmetric":
        raise refuse(table, f"a head {table.head.head!r} behind residual blocks has no definition here")
    if expansion > 1:
        settings |= _inside(table, rows, planes)
    if more := _block_args(table, first):
        settings["block_args"] = f"dict({', '.join(f'{key}={value}' for key, value in more.items())})"
    imports = ["from timm.models.resnet import ResNet", f"from timm.models.{file} import {block}"]
    imports += ["from timm.layers import SEModule"] * ("attn_layer" in more)
    return Definition("ResNet", tuple(imports), settings, table, naming_table("timm_resnet"))


def _stem(table: Architecture) -> dict[str, str]:
    stem = table.stem
    if stem == ConvStem(channels=64, kernel=7, pool=True):
        return {}
    if isinstance(stem, DeepStem) and stem.channels == 2 * stem.hidden and not stem.ceil:
        return {"stem_type": '"deep"', "stem_width": str(stem.hidden)}
    raise refuse(table, "its stem is not one of timm's: 7×7 to 64 channels, or deep and twice as wide at its end")


def _inside(table: Architecture, rows: Any, planes: list[int]) -> dict[str, str]:
    """The inner widths: floor(planes × base_width / 64) × the number of groups (timm resnet.py), of Res2Net's parts."""
    first = rows[0]
    inner = [row.inner("3.conv").channels(row.channels) for row in rows]
    parts = {_parts(row, width) for row, width in zip(rows, inner, strict=True)}
    number = parts.pop()
    base = inner[0] / number * 64 / planes[0]
    if parts or base % 1 or [int(plane * (base / 64)) * number for plane in planes] != inner:
        raise refuse(table, "its inner widths are none that timm's cardinality and base width make")
    found = {"base_width": str(int(base))} if base != 64 else {}
    if number > 1 and first.block != "res2net":
        found["cardinality"] = str(number)
    if first.reduce != 1:
        found["block_reduce_first"] = str(round(1 / first.reduce))
    if first.shortcut_kernel != 1:
        found["down_kernel_size"] = str(first.shortcut_kernel)
    return found | ({"avg_down": "True"} if first.shortcut_pool else {})


def _parts(row: Any, width: int) -> int:
    """How many groups, or parts, of a ResNet's base width stand side by side in a block."""
    match row.block:
        case "resnest":
            return int(row.cardinality)
        case "res2net":
            return int(row.scale)
    return width // row.group_width if row.group_width else 1


def _block_args(table: Architecture, row: Any) -> dict[str, str]:
    """What timm hands on to each block."""
    found: dict[str, str] = {}
    match row.block:
        case "selective_basic" | "selective_bottleneck":
            more = f"rd_ratio={row.squeeze!r}, rd_divisor={row.divisor}, split_input={row.split}"
            found["sk_kwargs"] = f"dict({more})"
        case "resnest":
            found = {"radix": str(row.radix), "avd": "True", "avd_first": str(row.pool_first)}
        case "res2net":
            found = {"scale": str(row.scale)}
    if getattr(row, "se_act", False) or (row.block == "resnest" and (row.se or row.reduce != 1)):
        raise refuse(table, "such a squeeze, or narrow first convolution, has no definition here")
    if getattr(row, "se", 0):
        found["attn_layer"] = f"partial(SEModule, rd_ratio={row.se!r}, rd_divisor=1)"
    return found
