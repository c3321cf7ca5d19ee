"""timm's NormFreeNet: four stages of blocks without norms on scaled filters, as the NFNets have them."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import PoolHead, QuadStem
from nas.export.timm.definition import Definition, divisible, rates, refuse
from nas.naming import naming_table

KINDS = ("nfnet",)
STEP = 8  # timm nfnet.py, NfCfg: what widths are rounded to


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's NormFreeNet cannot have."""
    rows: Any = table.stages
    first, stem, head = rows[0], table.stem, table.head
    alike = {(row.ratio, row.group_width, row.se, row.alpha) for row in rows}
    if [row.stride for row in rows] != [1, 2, 2, 2] or len(alike) > 1 or not first.se:
        raise refuse(table, "an NFNet of timm has four squeezed stages of strides 1, 2, 2 and 2, alike but in size")
    if not isinstance(stem, QuadStem) or stem.channels != 8 * stem.first:
        raise refuse(table, "its stem is not timm's: four convolutions, the last of 8 times the first's channels")
    if not isinstance(head, PoolHead) or not head.channels:
        raise refuse(table, "a head without a convolution has no definition here")
    for width in (stem.channels, head.channels, *(row.channels for row in rows)):
        if divisible(width, STEP) != width:
            raise refuse(table, f"timm's NormFreeNet rounds a width of {width} to {STEP}s")
    for row in rows:
        group, inner = row.group_width, divisible(row.channels * row.ratio, STEP)
        if group % STEP or inner // group * group != max(group, int(row.channels * row.ratio) // group * group):
            raise refuse(table, f"timm's NormFreeNet makes other groups of {row.ratio:g} × {row.channels} channels")
    if table.norm.kind != "none" or table.convolution.kind != "scaled" or not table.activation_gain:
        raise refuse(table, "an NFNet of timm has scaled filters, activations with a gain, and no norms")
    cfg = {
        "depths": tuple(row.repeats for row in rows),
        "channels": tuple(row.channels for row in rows),
        "alpha": first.alpha,
        "stem_type": "deep_quad",
        "stem_chs": stem.channels,
        "group_size": first.group_width,
        "bottle_ratio": first.ratio,
        "num_features": head.channels,
        "extra_conv": True,
        "gamma_in_act": True,
        "same_padding": table.padding == "same",
        "std_conv_eps": table.convolution.eps,
        "skipinit": True,
        "act_layer": table.activation,
        "attn_layer": "se",
        "attn_kwargs": {"rd_ratio": first.se, "rd_divisor": 1},
    }
    lines = ("CFG = NfCfg(", *(f"    {key}={value!r}," for key, value in cfg.items()), ")")
    imports = ("from timm.models.nfnet import NfCfg, NormFreeNet",)
    settings = {"cfg": "CFG", **rates(table)}
    return Definition("NormFreeNet", imports, settings, table, naming_table("timm_nfnet"), lines)
