"""Res2Net (Gao et al. 2019, arXiv:1904.01169): ResNet's bottlenecks with several scales inside."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import ConvStem, DeepStem
from nas.zoo.entry import Entry
from nas.zoo.resnet import HABITS, residual_stages

WIDTH, SCALE = 26, 4  # "26w×4s": four parts, of 26 channels in conv2_x

# PaddleClas res2net_vd.py, layers=200; the ResNet-200 of others has 3, 24, 36 and 3 blocks.
VD200 = (3, 12, 48, 3)
CODE = (
    "timm.models.resnet.ResNet(Bottle2neck,[3,12,48,3],base_width=26,scale=4,stem_width=32,stem_type='deep',"
    "avg_down=True) (no registered entry)"
)
FOLLOWS = (
    "ResNet200_vd_26w_4s_ssld: timm's Res2Net-D with the depths of PaddleClas's Res2Net200_vd_26w_4s, whose very first "
    "block adds its parts and pools none, and whose means leave padding out; parameters and macs are the same"
)


def res2net(depth: int) -> Architecture:
    """Res2Net-50 or -101."""
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=64, kernel=7, pool=True),
        stages=residual_stages(depth, 1, WIDTH * SCALE, block="res2net", scale=SCALE),
        **HABITS["timm"],
    )


def res2net200d() -> Architecture:
    """Res2Net-200 with ResNet-D's deep stem and pooled shortcuts."""
    rows = residual_stages(200, 1, WIDTH * SCALE, block="res2net", scale=SCALE, shortcut_pool=True)
    return Architecture(
        resolution=224,
        stem=DeepStem(channels=64, hidden=32),
        stages=tuple(row.model_copy(update={"repeats": n}) for row, n in zip(rows, VD200, strict=True)),
        **HABITS["timm"],
    )


ENTRIES: dict[str, Entry] = {
    "res2net50_26w_4s": Entry("res2net", partial(res2net, 50), "timm"),
    "res2net101_26w_4s": Entry("res2net", partial(res2net, 101), "timm"),
    "res2net200d_26w_4s": Entry("res2net", res2net200d, f"code:{CODE}", FOLLOWS),
}
