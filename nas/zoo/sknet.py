"""ResNets with selective kernels (Li et al. 2019, arXiv:1903.06586), as timm has them."""

from __future__ import annotations

from functools import partial
from typing import Any

from nas.architecture import Architecture
from nas.blocks import ConvStem, DeepStem, Stem
from nas.zoo.entry import Entry
from nas.zoo.resnet import residual_stages

# timm sknet.py. The paper has ResNeXt's bottlenecks alone (§3.2, Table 1: SKNet-50); timm's other ones split a block's
# channels between its two paths, which keeps them as large as ResNet's.
BASIC: dict[str, Any] = {"block": "selective_basic", "squeeze": 1 / 8, "divisor": 16}
BOTTLENECK: dict[str, Any] = {"block": "selective_bottleneck"}
PLAIN = ConvStem(channels=64, kernel=7, pool=True)
DEEP = DeepStem(channels=64, hidden=32)
TABLE: dict[str, tuple[Stem, int, int, int, dict[str, Any]]] = {
    #               stem depth groups width
    "skresnet18": (PLAIN, 18, 1, 64, BASIC),
    "skresnet34": (PLAIN, 34, 1, 64, BASIC),
    "skresnet50": (PLAIN, 50, 1, 64, BOTTLENECK),
    "skresnet50d": (DEEP, 50, 1, 64, BOTTLENECK | {"shortcut_pool": True}),
    "skresnext50_32x4d": (PLAIN, 50, 32, 4, BOTTLENECK | {"divisor": 32, "split": False}),
}


def sknet(stem: Stem, depth: int, groups: int, width: int, columns: dict[str, Any]) -> Architecture:
    """The ResNet or ResNeXt of that depth with selective kernels."""
    return Architecture(
        resolution=224,
        stem=stem,
        stages=residual_stages(depth, groups, width, **columns),
        drop_path_at="last",
        naming="timm_resnet",
        init="resnet",  # timm's rule too, which starts no norm at 0 here
    )


ENTRIES: dict[str, Entry] = {name: Entry("sknet", partial(sknet, *row), "timm") for name, row in TABLE.items()}
