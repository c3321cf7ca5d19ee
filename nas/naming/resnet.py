"""Names of the modules of ResNets."""

from __future__ import annotations

from nas.naming.table import Naming

# torchvision.models.resnet: BasicBlock and Bottleneck.
_NUMBERED_CONVS = {
    **{f"{n}.conv": f"conv{n}" for n in (1, 2, 3)},
    **{f"{n}.norm": f"bn{n}" for n in (1, 2, 3)},
    **{f"{n}.act": f"relu{n}" for n in (1, 2, 3)},
    "shortcut.conv": "downsample.0",
    "shortcut.norm": "downsample.1",
}
TORCHVISION = Naming(
    "layer{stage}.{block}",
    {
        "stem": {"conv": "conv1", "norm": "bn1", "act": "relu", "pool": "maxpool"},
        "basic": _NUMBERED_CONVS,
        "bottleneck": _NUMBERED_CONVS,
        "head": {"pool": "avgpool", "dropout": "dropout", "fc": "fc"},
    },
)
