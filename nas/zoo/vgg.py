"""VGG (Simonyan & Zisserman 2014, arXiv:1409.1556), with batch norm and without."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import FlatHead, NoStem, stages
from nas.blocks.row import Norm
from nas.zoo.entry import Entry

WIDTHS = (64, 128, 256, 512, 512)  # arXiv:1409.1556, Table 1; a 2×2 max pooling ends each stage
REPEATS = {
    11: (1, 1, 2, 2, 2),  # configuration A
    13: (2, 2, 2, 2, 2),  # B
    16: (2, 2, 3, 3, 3),  # D
    19: (2, 2, 4, 4, 4),  # E
}


def vgg(layers: int, normed: bool) -> Architecture:
    """VGG-11 … VGG-19; with batch norm the convolutions keep their biases, as in torchvision."""
    rows = [("conv", width, repeats, 2, "max", normed) for width, repeats in zip(WIDTHS, REPEATS[layers], strict=True)]
    return Architecture(
        resolution=224,
        stem=NoStem(),
        stages=stages("block channels repeats stride pool bias", *rows),
        head=FlatHead(dropout=0.5),
        norm=Norm() if normed else Norm(kind="none"),
        naming="torchvision_vgg_bn" if normed else "torchvision_vgg",
        init="mobilenetv2",  # torchvision vgg.py has the same rule: fan-out, and 0.01 for linear layers
    )


ENTRIES: dict[str, Entry] = {
    f"vgg{layers}{'_bn' if normed else ''}": Entry("vgg", partial(vgg, layers, normed))
    for normed in (False, True)
    for layers in REPEATS
}
