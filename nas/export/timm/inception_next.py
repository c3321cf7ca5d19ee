"""timm's MetaNeXt: four stages of InceptionNeXt's blocks."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import PatchStem
from nas.blocks.convnext import MlpHead
from nas.export.timm.definition import Definition, norm_settings, rates, refuse
from nas.naming import naming_table

KINDS = ("inception_next",)
HEAD = MlpHead().ratio  # timm inception_next.py: MlpClassifierHead has it, and GELU, at their defaults


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's MetaNeXt cannot have."""
    rows: Any = table.stages
    first, head = rows[0], table.head
    if [row.stride for row in rows] != [1, 2, 2, 2]:
        raise refuse(table, "a MetaNeXt of timm has four stages, of strides 1, 2, 2 and 2")
    if table.stem != PatchStem(channels=first.channels) or table.padding != "symmetric":
        raise refuse(table, "its stem is not timm's: patches of 4×4 pixels, as wide as the first stage")
    if not isinstance(head, MlpHead) or head.ratio != HEAD or table.activation != "gelu":
        raise refuse(table, f"the head of a MetaNeXt of timm has a hidden layer, {HEAD:g} times as wide, with GELU")
    if {(row.scale, row.grn, row.dense) for row in rows} != {(first.scale, False, "conv")} or not first.scale:
        raise refuse(table, "the blocks of a MetaNeXt of timm have layer scales, and no response norm")
    told = [
        f"square_kernel_size={row.kernel}, band_kernel_size={row.band}, branch_ratio={row.branch!r}" for row in rows
    ]
    mixers = [f"partial(InceptionDWConv2d, {one})" for one in told]
    settings = {
        "depths": str(tuple(row.repeats for row in rows)),
        "dims": str(tuple(row.channels for row in rows)),
        "mlp_ratios": str(tuple(row.expand for row in rows)),
        "token_mixers": mixers[0] if len(set(mixers)) == 1 else f"[{', '.join(mixers)}]",
        "ls_init_value": repr(first.scale),
        **norm_settings(table),
        **rates(table),
    }
    imports = ("from timm.models.inception_next import InceptionDWConv2d, MetaNeXt",)
    return Definition("MetaNeXt", imports, settings, table, naming_table("timm_inception_next"))
