"""ResNeSt: split-attention networks (Zhang et al. 2020, arXiv:2004.08955)."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import DeepStem
from nas.zoo.entry import Entry
from nas.zoo.resnet import HABITS, residual_stages

# The networks of arXiv:2004.08955 have radix 2 and cardinality 1, "2s1x64d"; the last two are of its ablation
# (ablation.md of zhanghang1989/ResNeSt), 14 and 26 are GluonCV's. The sizes are those of the evaluation.
TABLE = {
    #            depth size stem radix cardinality width pool_first
    "resnest14d": (14, 224, 32, 2, 1, 64, False),
    "resnest26d": (26, 224, 32, 2, 1, 64, False),
    "resnest50d": (50, 224, 32, 2, 1, 64, False),
    "resnest101e": (101, 256, 64, 2, 1, 64, False),
    "resnest200e": (200, 320, 64, 2, 1, 64, False),
    "resnest269e": (269, 416, 64, 2, 1, 64, False),
    "resnest50d_4s2x40d": (50, 224, 32, 4, 2, 40, True),
    "resnest50d_1s4x24d": (50, 224, 32, 1, 4, 24, True),
}


def resnest(
    depth: int, resolution: int, stem: int, radix: int, cardinality: int, width: int, pool_first: bool
) -> Architecture:
    """A ResNeSt of that depth, with `radix` maps of `cardinality` groups of `width` channels in the first stage."""
    split = {"radix": radix, "cardinality": cardinality, "pool_first": pool_first}
    return Architecture(
        resolution=resolution,
        stem=DeepStem(channels=2 * stem, hidden=stem),
        stages=residual_stages(depth, 1, cardinality * width, block="resnest", **split),
        **HABITS["timm"],
    )


ENTRIES: dict[str, Entry] = {name: Entry("resnest", partial(resnest, *row), "timm") for name, row in TABLE.items()}
