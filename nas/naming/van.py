"""Names of the modules of the Visual Attention Network."""

from __future__ import annotations

from collections.abc import Mapping

from nas.naming.table import Naming, Place


def _embedding(place: Place) -> Mapping[str, int]:
    """The number of a stage's patch embedding; the first stage's is the stem's, unless their widths differ."""
    return {"embed": place.stage if place.stage > 1 else 0}


# Visual-Attention-Network/VAN-Classification, models/van.py: patch_embed1, block1, norm1, patch_embed2, …, head.
ORIGINAL = Naming(
    "block{stage}.{block}",
    {
        "stem": {"conv": "patch_embed1.proj", "norm": "patch_embed1.norm"},
        "van": {
            "down.conv": "/patch_embed{embed}.proj",
            "down.norm": "/patch_embed{embed}.norm",
            "1.norm": "norm1",
            "attention.in": "attn.proj_1",
            "attention.act": "attn.activation",
            "attention.near": "attn.spatial_gating_unit.conv0",
            "attention.far": "attn.spatial_gating_unit.conv_spatial",
            "attention.mix": "attn.spatial_gating_unit.conv1",
            "attention.product": "attn.spatial_gating_unit.product",
            "attention.out": "attn.proj_2",
            "attention.add": "attn.add",
            "1.scale": "layer_scale_1",
            "1.scaled": "scaled_1",
            "1.drop_path": "drop_path_1",
            "1.add": "add_1",
            "2.norm": "norm2",
            "expand": "mlp.fc1",
            "depthwise": "mlp.dwconv.dwconv",
            "act": "mlp.act",
            "project": "mlp.fc2",
            "2.scale": "layer_scale_2",
            "2.scaled": "scaled_2",
            "2.drop_path": "drop_path_2",
            "2.add": "add_2",
            "end.norm": "/norm{stage}",
        },
        "head": {"pool": "pool", "dropout": "dropout", "fc": "head"},
    },
    _embedding,
)
