"""Pre-activation ResNets: ResNetV2 (He et al. 2016, arXiv:1603.05027) and Big Transfer's (arXiv:1912.11370)."""

from __future__ import annotations

from functools import partial
from typing import Any

from nas.architecture import Architecture
from nas.blocks import PreActHead, PreActStem, stages
from nas.blocks.row import Convolution, Norm
from nas.zoo.entry import Entry
from nas.zoo.resnet import DEPTHS

# Kolesnikov et al. 2019, arXiv:1912.11370, §3.2: wider by a factor, with group norm and weight standardisation. The
# size is that of timm's first weights (resnetv2.py, default_cfgs): of distilled ones (arXiv:2106.05237) or fine-tuned.
BIT = {
    #               depth width resolution
    "resnetv2_50x1_bit": (50, 1, 224),
    "resnetv2_50x3_bit": (50, 3, 448),
    "resnetv2_101x1_bit": (101, 1, 448),
    "resnetv2_101x3_bit": (101, 3, 448),
    "resnetv2_152x2_bit": (152, 2, 224),
    "resnetv2_152x4_bit": (152, 4, 480),
}


def resnetv2(depth: int, width: int = 1, resolution: int = 224, zeros: bool = False, **habits: Any) -> Architecture:
    """ResNetV2 as timm has it, `width` times as wide; `zeros` pads the stem's map for pooling."""
    rows = zip([256 * width << number for number in range(4)], DEPTHS[depth][1], (1, 2, 2, 2), strict=True)
    return Architecture(
        resolution=resolution,
        stem=PreActStem(channels=64 * width, zeros=zeros),
        stages=stages("block channels repeats stride", *(("preact_bottleneck", *row) for row in rows)),
        head=PreActHead(),
        drop_path_at="last",
        naming="timm_resnetv2",
        init="resnetv2",
        **habits,
    )


def bit(depth: int, width: int, resolution: int) -> Architecture:
    """BiT-R`depth`x`width`. Its 32 groups must divide a quarter of each width."""
    return resnetv2(
        depth,
        width,
        resolution,
        zeros=True,
        norm=Norm(kind="group"),
        convolution=Convolution(kind="standardised", eps=1e-8),
        rounding="multiple_of_128",
    )


ENTRIES: dict[str, Entry] = {
    **{f"resnetv2_{depth}": Entry("resnetv2", partial(resnetv2, depth), "timm") for depth in (50, 101, 152)},
    **{name: Entry("bit", partial(bit, *row), "timm") for name, row in BIT.items()},
}
