"""Squeeze-and-excitation networks (Hu et al. 2017, arXiv:1709.01507): ResNets and ResNeXts whose branches are gated."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import ConvStem, DeepStem, PoolHead
from nas.zoo.entry import Entry
from nas.zoo.resnet import residual_stages, resnet

SE = 1 / 16  # arXiv:1709.01507 §4.1: the reduction ratio r is 16
DROPOUT = 0.2  # timm senet.py, SENet; the appendix has it for SENet-154

# arXiv:1709.01507, Tables 1 and 2, by the depth of the ResNet, the groups of its 3×3 and their width in conv2_x.
TABLE = {
    #                        depth groups width
    "seresnet50": (50, 1, 64),
    "seresnet101": (101, 1, 64),
    "seresnet152": (152, 1, 64),
    "seresnext50_32x4d": (50, 32, 4),
    "seresnext101_32x4d": (101, 32, 4),
    "seresnext101_32x8d": (101, 32, 8),
    "seresnext101_64x4d": (101, 64, 4),
}


def seresnet(depth: int) -> Architecture:
    """SE-ResNet-18 or -34, as timm's senet.py has them: with an activation between the branch and its squeeze."""
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=64, kernel=7, pool=True, ceil=True),
        stages=residual_stages(depth, se=SE, se_act=True),
        head=PoolHead(dropout=DROPOUT),
        naming="timm_senet",
        init="senet",
    )


def senet154() -> Architecture:
    """SENet-154: SE-ResNeXt-152 64x4d with three changes (arXiv:1709.01507, appendix).

    The first 1×1 of a block has half the channels, the shortcuts with a stride are 3×3, and three 3×3 are the stem.
    """
    return Architecture(
        resolution=224,
        stem=DeepStem(channels=128, hidden=64, ceil=True),
        stages=residual_stages(152, 64, 4, se=SE, reduce=0.5, shortcut_kernel=3),
        head=PoolHead(dropout=DROPOUT),
        naming="timm_senet",
        init="senet",
    )


ENTRIES: dict[str, Entry] = {
    "seresnet18": Entry("senet", partial(seresnet, 18), "timm:legacy_seresnet18"),
    "seresnet34": Entry("senet", partial(seresnet, 34), "timm:legacy_seresnet34"),
    **{name: Entry("senet", partial(resnet, *row, "timm", se=SE), "timm") for name, row in TABLE.items()},
    "senet154": Entry("senet", senet154, "timm:legacy_senet154"),
}
