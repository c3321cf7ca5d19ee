"""Names of the modules of MobileNetV4s."""

from __future__ import annotations

from collections.abc import Mapping

from nas.naming import mobilenetv3
from nas.naming.table import Naming, Place


def stacks(place: Place) -> Mapping[str, int]:
    """A stack begins at a stride and at the last row."""
    last = len(place.rows) - 1
    starts = [number for number, (_, stride) in enumerate(place.rows) if number in (0, last) or stride > 1]
    return mobilenetv3.within(place, starts)


# timm.models.mobilenetv3 and _efficientnet_blocks: UniversalInvertedResidual, EdgeResidual, ConvBnAct.
TIMM = Naming(
    "blocks.{stack}.{inner}",
    {
        **mobilenetv3.TIMM.parts,
        "uib": {
            "start.conv": "dw_start.conv",
            "start.norm": "dw_start.bn",
            "expand.conv": "pw_exp.conv",
            "expand.norm": "pw_exp.bn",
            "expand.act": "pw_exp.act",
            "middle.conv": "dw_mid.conv",
            "middle.norm": "dw_mid.bn",
            "middle.act": "dw_mid.act",
            "project.conv": "pw_proj.conv",
            "project.norm": "pw_proj.bn",
        },
        "head": {**mobilenetv3.TIMM.parts["head"], "norm": "norm_head"},
    },
    stacks,
)
