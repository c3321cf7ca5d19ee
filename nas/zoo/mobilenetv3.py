"""MobileNetV3 (Howard et al. 2019, arXiv:1905.02244), as torchvision has it and as timm has it."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import ConvStem, HiddenHead, Stage, stages
from nas.blocks.row import Norm
from nas.zoo.entry import Entry

V3, RE, HS = "mobilenetv3", "relu", "hardswish"

# arXiv:1905.02244, Table 1; expand is the table's "exp size" over the block's input.
LARGE = stages(
    "block expand kernel channels se  activation stride repeats",
    (V3, 1.0, 3, 16, 0, RE, 1, 1),
    (V3, 4.0, 3, 24, 0, RE, 2, 1),
    (V3, 3.0, 3, 24, 0, RE, 1, 1),
    (V3, 3.0, 5, 40, 0.25, RE, 2, 3),
    (V3, 6.0, 3, 80, 0, HS, 2, 1),
    (V3, 2.5, 3, 80, 0, HS, 1, 1),
    (V3, 2.3, 3, 80, 0, HS, 1, 2),
    (V3, 6.0, 3, 112, 0.25, HS, 1, 2),
    (V3, 6.0, 5, 160, 0.25, HS, 2, 3),
)

# Table 2. An exp size of 88 is 3.67 × 24, to a multiple of 8.
SMALL = stages(
    "block expand kernel channels se  activation stride repeats",
    (V3, 1.0, 3, 16, 0.25, RE, 2, 1),
    (V3, 4.5, 3, 24, 0, RE, 2, 1),
    (V3, 3.67, 3, 24, 0, RE, 1, 1),
    (V3, 4.0, 5, 40, 0.25, HS, 2, 1),
    (V3, 6.0, 5, 40, 0.25, HS, 1, 2),
    (V3, 3.0, 5, 48, 0.25, HS, 1, 2),
    (V3, 6.0, 5, 96, 0.25, HS, 2, 3),
)

SIZES: dict[str, tuple[tuple[Stage, ...], int, int]] = {
    #         stages  last convolution and hidden layer
    "large": (LARGE, 960, 1280),
    "small": (SMALL, 576, 1024),
}


def mobilenetv3(size: str, source: str) -> Architecture:
    """MobileNetV3 "large" or "small" as "torchvision" or "timm" has it."""
    table, last, hidden = SIZES[size]
    theirs = source == "torchvision"
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=16),
        stages=(*table, *stages("block kernel channels", ("conv", 1, last))),
        head=HiddenHead(hidden=hidden, dropout=0.2) if theirs else HiddenHead(hidden=hidden, layer="conv"),
        activation=HS,
        norm=Norm(eps=1e-3, momentum=0.01) if theirs else Norm(),
        rounding="mobilenetv2",
        naming=f"{source}_mobilenetv3",
        init="mobilenetv2" if theirs else "timm_efficientnet",
    )


ENTRIES: dict[str, Entry] = {
    **{f"mobilenet_v3_{size}": Entry("mobilenetv3", partial(mobilenetv3, size, "torchvision")) for size in SIZES},
    **{f"mobilenetv3_{size}_100": Entry("mobilenetv3", partial(mobilenetv3, size, "timm"), "timm") for size in SIZES},
}
