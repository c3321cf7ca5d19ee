"""ResNet (He et al. 2015, arXiv:1512.03385), with the stride on the 3×3 as torchvision has it."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import ConvStem, stages
from nas.zoo.entry import Entry

# arXiv:1512.03385, Table 1: the block, and how often it stands in conv2_x … conv5_x.
TABLE = {
    "18": ("basic", (2, 2, 2, 2)),
    "34": ("basic", (3, 4, 6, 3)),
    "50": ("bottleneck", (3, 4, 6, 3)),
    "101": ("bottleneck", (3, 4, 23, 3)),
    "152": ("bottleneck", (3, 8, 36, 3)),
}


def resnet(size: str) -> Architecture:
    """ResNet-18 … ResNet-152."""
    block, repeats = TABLE[size]
    widths = (64, 128, 256, 512) if block == "basic" else (256, 512, 1024, 2048)
    rows = zip([block] * 4, widths, repeats, (1, 2, 2, 2), strict=True)
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=64, kernel=7, pool=True),
        stages=stages("block channels repeats stride", *rows),
        naming="torchvision_resnet",
        init="resnet",
    )


ENTRIES: dict[str, Entry] = {f"resnet{size}": Entry("resnet", partial(resnet, size)) for size in TABLE}
