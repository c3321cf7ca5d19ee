"""Names of the modules of MobileNetV1s."""

from __future__ import annotations

from nas.naming import efficientnet
from nas.naming.table import Naming

# timm.models.efficientnet: DepthwiseSeparableConv.
TIMM = Naming(
    efficientnet.TIMM.prefix,
    {
        **efficientnet.TIMM.parts,
        "separable": {
            "depthwise.conv": "conv_dw",
            "depthwise.norm": "bn1",
            "depthwise.act": "act1",
            "project.conv": "conv_pw",
            "project.norm": "bn2",
            "project.act": "act2",
        },
    },
)
