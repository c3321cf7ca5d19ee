"""Names of the modules of ShuffleNet V2s."""

from __future__ import annotations

from nas.naming.table import Naming

# torchvision.models.shufflenetv2: the stem counts as the first stage.
TORCHVISION = Naming(
    "stage{second}.{block}",
    {
        "stem": {"conv": "conv1.0", "norm": "conv1.1", "act": "conv1.2", "pool": "maxpool"},
        "shufflenetv2": {
            "left.depthwise.conv": "branch1.0",
            "left.depthwise.norm": "branch1.1",
            "left.project.conv": "branch1.2",
            "left.project.norm": "branch1.3",
            "left.project.act": "branch1.4",
            "expand.conv": "branch2.0",
            "expand.norm": "branch2.1",
            "expand.act": "branch2.2",
            "depthwise.conv": "branch2.3",
            "depthwise.norm": "branch2.4",
            "project.conv": "branch2.5",
            "project.norm": "branch2.6",
            "project.act": "branch2.7",
        },
        "head": {"conv": "conv5.0", "norm": "conv5.1", "act": "conv5.2", "pool": "pool", "fc": "fc"},
    },
    lambda place: {"second": place.stage + 1},
)
