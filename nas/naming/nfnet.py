"""Names of the modules of NFNets."""

from __future__ import annotations

from nas.naming.table import Naming

# timm.models.nfnet: NormFreeBlock, with timm.layers.SEModule.
TIMM = Naming(
    "stages.{stage0}.{block}",
    {
        "stem": {f"{n}.{part}": f"stem.{part}{n}" for n in (1, 2, 3, 4) for part in ("conv", "act")},
        "nfnet": {
            **{f"{n}.{part}": f"{part}{n}" for n in ("1", "2", "2b", "3") for part in ("conv", "act")},
            "pooled_shortcut.pool": "downsample.pool",
            "pooled_shortcut.conv": "downsample.conv",
            "se.reduce": "attn_last.fc1",
            "se.act": "attn_last.act",
            "se.expand": "attn_last.fc2",
            "se.gate": "attn_last.gate",
            "skip.gain": "skipinit_gain",
        },
        "head": {
            "conv": "final_conv",
            "act": "final_act",
            "pool": "head.global_pool",
            "dropout": "head.drop",
            "fc": "head.fc",
        },
    },
)
