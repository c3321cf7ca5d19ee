"""Names of the modules of pre-activation ResNets."""

from __future__ import annotations

from nas.naming.table import Naming

# timm.models.resnetv2: PreActBottleneck.
TIMM = Naming(
    "stages.{stage0}.blocks.{block}",
    {
        "stem": {"conv": "stem.conv", "pool": "stem.pool"},
        "preact_bottleneck": {
            **{f"{n}.{part}": f"{part}{n}" for n in (1, 2, 3) for part in ("norm", "act", "conv")},
            "shortcut.conv": "downsample.conv",
        },
        "head": {
            "norm": "norm",
            "act": "act",
            "pool": "head.global_pool",
            "dropout": "head.drop",
            "fc": "head.fc",
            "flatten": "head.flatten",
        },
    },
)
