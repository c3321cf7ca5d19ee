"""NAS-Bench-Macro: eight slots on CIFAR-10, each the identity or one of two MobileNetV2 blocks.

Identity slots of one stage are interchangeable, so the 6,561 codes are 3,969 distinct networks.
"""

from __future__ import annotations

from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.space import SearchSpace

MB = "inverted_residual"

# Where a stage begins, "identity" is a strided 1×1 convolution; elsewhere it is nothing (repeats 0).
FIRST = (("projection", 1, 1), (MB, 3, 3), (MB, 6, 5))
THEN = ((MB, 3, 3, 0), (MB, 3, 3, 1), (MB, 6, 5, 1))

BASE = Architecture(
    resolution=32,
    stem=ConvStem(channels=32, stride=1),
    # Code 11111111: the lighter block in every slot.
    stages=stages(
        "block expand kernel channels stride",
        (MB, 3, 3, 64, 2),
        (MB, 3, 3, 64, 1),
        (MB, 3, 3, 128, 2),
        (MB, 3, 3, 128, 1),
        (MB, 3, 3, 128, 1),
        (MB, 3, 3, 256, 2),
        (MB, 3, 3, 256, 1),
        (MB, 3, 3, 256, 1),
    ),
    head=PoolHead(channels=1280),
    activation="relu6",
    rounding="mobilenetv2",
    init="mobilenetv2",
)


def stage(channels: int, more: int) -> tuple[dict[str, object], ...]:
    """The slots of one stage: its first, and `more` that may be left out."""
    first = {"block+expand+kernel": FIRST, "stride": 2, "channels": channels}
    then = {"block+expand+kernel+repeats": THEN, "stride": 1, "channels": channels}
    return (first, *[then] * more)


SPACE = SearchSpace.model_validate(
    {
        "name": "nasbench_macro",
        "citation": "Su et al. 2021, arXiv:2103.11922 (NAS-Bench-Macro)",
        "base": BASE,
        "num_classes": 10,
        "stages": [*stage(64, 1), *stage(128, 2), *stage(256, 2)],
    }
)
