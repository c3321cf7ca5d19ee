"""Names of the modules of MobileNetV3s."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nas.naming import efficientnet
from nas.naming.table import Naming, Place

# torchvision.models.mobilenetv3: blocks count through the network, the last convolution among them.
TORCHVISION = Naming(
    "features.{flat}",
    {
        "stem": efficientnet.TORCHVISION.parts["stem"],
        "mbconv": efficientnet.TORCHVISION.parts["mbconv"],
        "mbconv_e1": efficientnet.TORCHVISION.parts["mbconv_e1"],
        "conv": {"conv": "0", "norm": "1", "act": "2"},
        "head": {
            "pool": "avgpool",
            "hidden": "classifier.0",
            "act": "classifier.1",
            "dropout": "classifier.2",
            "fc": "classifier.3",
        },
    },
)


def stacks(place: Place) -> Mapping[str, int]:
    """timm's numbers of a block: its stack begins where the width changes or a stride stands, whatever else varies."""
    starts = [
        number
        for number, (channels, stride) in enumerate(place.rows)
        if number == 0 or stride > 1 or channels != place.rows[number - 1][0]
    ]
    return within(place, starts)


def within(place: Place, starts: Sequence[int]) -> Mapping[str, int]:
    """The number of a block's stack and its own number there, given the rows (from 0) at which stacks begin."""
    begun = [start for start in starts if start < place.stage] or [0]
    return {"stack": len(begun) - 1, "inner": sum(place.repeats[begun[-1] : max(0, place.stage - 1)]) + place.block}


# timm.models.mobilenetv3.
TIMM = Naming(
    "blocks.{stack}.{inner}",
    {
        **efficientnet.TIMM.parts,
        "conv": {"conv": "conv", "norm": "bn1", "act": "act1"},
        "head": {
            "pool": "global_pool",
            "hidden": "conv_head",
            "act": "act2",
            "flatten": "flatten",
            "dropout": "drop",
            "fc": "classifier",
        },
    },
    stacks,
)
