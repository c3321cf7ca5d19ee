"""Names of the modules of DenseNets."""

from __future__ import annotations

from nas.naming.table import Naming

# torchvision.models.densenet: a transition is named after the stage before it, the last norm "norm5" after four stages.
TORCHVISION = Naming(
    "features.denseblock{stage}.denselayer{block1}",
    {
        "stem": {"conv": "features.conv0", "norm": "features.norm0", "act": "features.relu0", "pool": "features.pool0"},
        "dense": {
            **{f"{n}.{part}": f"{part}{n}" for n in (1, 2) for part in ("norm", "conv")},
            **{f"{n}.act": f"relu{n}" for n in (1, 2)},
            **{f"transition.{part}": f"/features.transition{{stage0}}.{part}" for part in ("norm", "conv", "pool")},
            "transition.act": "/features.transition{stage0}.relu",
        },
        "head": {
            "norm": "features.norm{last}",
            "act": "relu",
            "pool": "avgpool",
            "dropout": "dropout",
            "fc": "classifier",
        },
    },
)
