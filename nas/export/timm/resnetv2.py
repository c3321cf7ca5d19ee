"""timm's ResNetV2: four stages of bottlenecks behind norms and activations; Big Transfer's are among them."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import PreActHead, PreActStem
from nas.export.code.ops import ACTIVATIONS
from nas.export.timm.definition import Definition, divisible, norm_settings, rates, refuse
from nas.naming import naming_table

KINDS = ("preact_bottleneck",)


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's ResNetV2 cannot have."""
    rows: Any = table.stages
    stem, ratio = table.stem, rows[0].ratio
    if [row.stride for row in rows] != [1, 2, 2, 2] or {(row.ratio, row.kernel) for row in rows} != {(ratio, 3)}:
        raise refuse(table, "a ResNetV2 of timm has four stages of 3×3 kernels and one ratio, of strides 1, 2, 2 and 2")
    widths = [row.channels for row in rows]
    if not isinstance(stem, PreActStem) or stem.kernel != 7 or stem.channels == widths[0]:
        raise refuse(table, "its stem is not timm's: 7×7 to another width than the first stage's, and max pooling")
    for width in (stem.channels, *widths, *(width * ratio for width in widths)):
        if divisible(width, 8) != width:
            raise refuse(table, f"timm's ResNetV2 rounds a width of {width:g} to 8s")
    if not isinstance(table.head, PreActHead) or table.padding != "symmetric":
        raise refuse(table, f"a head {table.head.head!r} behind such blocks has no definition here")
    settings = {
        "layers": str(tuple(row.repeats for row in rows)),
        "channels": str(tuple(widths)),
        **({} if stem.channels == 64 else {"stem_chs": str(stem.channels)}),
        **({"stem_type": '"fixed"'} if stem.zeros else {}),
        **({} if ratio == 0.25 else {"bottle_ratio": repr(ratio)}),
        **_layers(table),
        **rates(table),
    }
    imports = ["from timm.models.resnetv2 import ResNetV2"]
    imports += [
        f"from timm.layers import {name}"
        for name in ("GroupNormAct", "StdConv2d", "create_conv2d")
        if any(name in value for value in settings.values())
    ]
    return Definition("ResNetV2", tuple(imports), settings, table, naming_table("timm_resnetv2"))


def _layers(table: Architecture) -> dict[str, str]:
    """Batch norms behind plain convolutions, or group norms behind standardised ones."""
    norm, filters = table.norm, table.convolution
    if norm.kind != "group":
        return {"conv_layer": "create_conv2d", "norm_layer": "nn.BatchNorm2d", **norm_settings(table)}
    if table.activation_gain or filters.kind == "scaled":
        raise refuse(table, "gains of activations or filters have no definition here")
    plain = filters.kind == "plain"
    return {
        "conv_layer": "create_conv2d" if plain else f"partial(StdConv2d, eps={filters.eps!r})",
        "norm_layer": f"partial(GroupNormAct, num_groups={norm.groups}, eps={norm.eps!r})",
        "act_layer": ACTIVATIONS[table.activation],
    }
