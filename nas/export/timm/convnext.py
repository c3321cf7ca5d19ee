"""timm's ConvNeXt: four stages of ConvNeXt's blocks, of V2's where they have a global response norm."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import PatchStem
from nas.blocks.convnext import LAYER, NormHead
from nas.export.code.ops import ACTIVATIONS
from nas.export.timm.definition import Definition, rates, refuse
from nas.naming import naming_table

KINDS = ("convnext",)
EXPANSION = 4  # timm convnext.py: mlp_ratio, which ConvNeXt leaves at its default


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's ConvNeXt cannot have."""
    rows: Any = table.stages
    stem = table.stem
    if [row.stride for row in rows] != [1, 2, 2, 2]:
        raise refuse(table, "a ConvNeXt of timm has four stages, of strides 1, 2, 2 and 2")
    if not isinstance(stem, PatchStem) or stem.kernel != stem.stride or stem.channels != rows[0].channels:
        raise refuse(table, "its stem is not timm's: patches side by side, as wide as the first stage")
    if type(table.head) is not NormHead or table.norm != LAYER or table.padding != "symmetric":
        raise refuse(table, "its norms or its head are not those of timm's ConvNeXt")
    shared = {(row.expand, row.grn, row.scale, row.dense) for row in rows}
    if len(shared) > 1 or rows[0].expand != EXPANSION:
        raise refuse(table, f"the stages of a ConvNeXt of timm expand by {EXPANSION}, and are alike but in size")
    _, grn, scale, dense = shared.pop()
    kernels = [row.kernel for row in rows]
    settings = {
        "depths": str(tuple(row.repeats for row in rows)),
        "dims": str(tuple(row.channels for row in rows)),
        **({} if set(kernels) == {7} else {"kernel_sizes": str(tuple(kernels))}),
        **({} if stem.stride == 4 else {"patch_size": str(stem.stride)}),
        "ls_init_value": repr(scale) if scale else "None",
        **({"use_grn": "True"} if grn else {}),
        **({"conv_mlp": "True"} if dense == "conv" else {}),
        **({} if table.activation == "gelu" else {"act_layer": ACTIVATIONS[table.activation]}),
        **rates(table),
    }
    imports = ("from timm.models.convnext import ConvNeXt",)
    return Definition("ConvNeXt", imports, settings, table, naming_table("timm_convnext"))
