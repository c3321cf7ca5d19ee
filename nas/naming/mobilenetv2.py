"""Names of the modules of MobileNetV2s."""

from __future__ import annotations

from nas.naming.table import Naming

# torchvision.models.mobilenetv2: blocks count through the network; the projection is two bare modules.
TORCHVISION = Naming(
    "features.{flat}",
    {
        "stem": {"conv": "features.0.0", "norm": "features.0.1", "act": "features.0.2"},
        "inverted_residual": {
            "expand.conv": "conv.{n}.0",
            "expand.norm": "conv.{n}.1",
            "expand.act": "conv.{n}.2",
            "depthwise.conv": "conv.{n}.0",
            "depthwise.norm": "conv.{n}.1",
            "depthwise.act": "conv.{n}.2",
            "project.conv": "conv.{n}",
            "project.norm": "conv.{m}",
        },
        "head": {
            "conv": "features.{end}.0",
            "norm": "features.{end}.1",
            "act": "features.{end}.2",
            "pool": "pool",
            "dropout": "classifier.0",
            "fc": "classifier.1",
        },
    },
)
