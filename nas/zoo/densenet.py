"""DenseNet-BC (Huang et al. 2016, arXiv:1608.06993)."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import ConvStem, PreActHead, stages
from nas.zoo.entry import Entry

# The layers of the four dense blocks and the growth rate: arXiv:1608.06993, Table 1; 161 is of its code
# (liuzhuang13/DenseNet). The first convolution has twice the growth rate (§4.2).
TABLE: dict[int, tuple[tuple[int, int, int, int], int]] = {
    121: ((6, 12, 24, 16), 32),
    161: ((6, 12, 36, 24), 48),
    169: ((6, 12, 32, 32), 32),
    201: ((6, 12, 48, 32), 32),
    264: ((6, 12, 64, 48), 32),
}


def densenet(layers: int) -> Architecture:
    """DenseNet-121 … DenseNet-264."""
    repeats, growth = TABLE[layers]
    rows = [("dense", growth, times, 2 if number else 1) for number, times in enumerate(repeats)]
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=2 * growth, kernel=7, pool=True),
        stages=stages("block channels repeats stride", *rows),
        head=PreActHead(classifier="linear", tapped=True),
        rounding="multiple_of_4",
        naming="torchvision_densenet",
        init="densenet",
    )


ORACLES = {264: "code:torchvision.models.DenseNet(32,(6,12,64,48),64) (no registered entry)"}
ENTRIES: dict[str, Entry] = {
    f"densenet{layers}": Entry("densenet", partial(densenet, layers), ORACLES.get(layers, "torchvision"))
    for layers in TABLE
}
