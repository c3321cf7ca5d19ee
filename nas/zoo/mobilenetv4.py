"""MobileNetV4's convolutional networks (Qin et al. 2024, arXiv:2404.10518), as timm has them."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import ConvStem, HiddenHead, Stage, stages
from nas.zoo.entry import Entry

# arXiv:2404.10518, the appendix's tables of MNv4-Conv-S, -M and -L, as timm has them (mobilenetv3.py,
# _gen_mobilenet_v4); equal blocks behind one another are one row.
CONV = "block   kernel stride channels"
FUSED = "block        expand kernel stride channels"
UIB = "block start middle expand stride channels repeats"

LAST = stages(CONV, ("conv", 1, 1, 960))
SMALL = (
    *stages(
        CONV,
        ("conv", 3, 2, 32),
        ("conv", 1, 1, 32),
        ("conv", 3, 2, 96),
        ("conv", 1, 1, 64),
    ),
    *stages(
        UIB,
        ("uib", 5, 5, 3, 2, 96, 1),
        ("uib", 0, 3, 2, 1, 96, 4),
        ("uib", 3, 0, 4, 1, 96, 1),
        ("uib", 3, 3, 6, 2, 128, 1),
        ("uib", 5, 5, 4, 1, 128, 1),
        ("uib", 0, 5, 4, 1, 128, 1),
        ("uib", 0, 5, 3, 1, 128, 1),
        ("uib", 0, 3, 4, 1, 128, 2),
    ),
    *LAST,
)
MEDIUM = (
    *stages(FUSED, ("fused_mbconv", 4, 3, 2, 48)),
    *stages(
        UIB,
        ("uib", 3, 5, 4, 2, 80, 1),
        ("uib", 3, 3, 2, 1, 80, 1),
        ("uib", 3, 5, 6, 2, 160, 1),
        ("uib", 3, 3, 4, 1, 160, 2),
        ("uib", 3, 5, 4, 1, 160, 1),
        ("uib", 3, 3, 4, 1, 160, 1),
        ("uib", 3, 0, 4, 1, 160, 1),
        ("uib", 0, 0, 2, 1, 160, 1),
        ("uib", 3, 0, 4, 1, 160, 1),
        ("uib", 5, 5, 6, 2, 256, 1),
        ("uib", 5, 5, 4, 1, 256, 1),
        ("uib", 3, 5, 4, 1, 256, 2),
        ("uib", 0, 0, 4, 1, 256, 1),
        ("uib", 3, 0, 4, 1, 256, 1),
        ("uib", 3, 5, 2, 1, 256, 1),
        ("uib", 5, 5, 4, 1, 256, 1),
        ("uib", 0, 0, 4, 1, 256, 2),
        ("uib", 5, 0, 2, 1, 256, 1),
    ),
    *LAST,
)
LARGE = (
    *stages(FUSED, ("fused_mbconv", 4, 3, 2, 48)),
    *stages(
        UIB,
        ("uib", 3, 5, 4, 2, 96, 1),
        ("uib", 3, 3, 4, 1, 96, 1),
        ("uib", 3, 5, 4, 2, 192, 1),
        ("uib", 3, 3, 4, 1, 192, 3),
        ("uib", 3, 5, 4, 1, 192, 1),
        ("uib", 5, 3, 4, 1, 192, 5),
        ("uib", 3, 0, 4, 1, 192, 1),
        ("uib", 5, 5, 4, 2, 512, 4),
        ("uib", 5, 0, 4, 1, 512, 1),
        ("uib", 5, 3, 4, 1, 512, 1),
        ("uib", 5, 0, 4, 1, 512, 2),
        ("uib", 5, 3, 4, 1, 512, 1),
        ("uib", 5, 5, 4, 1, 512, 1),
        ("uib", 5, 0, 4, 1, 512, 3),
    ),
    *LAST,
)
SIZES: dict[str, tuple[tuple[Stage, ...], int]] = {"small": (SMALL, 32), "medium": (MEDIUM, 32), "large": (LARGE, 24)}


def mobilenetv4(size: str) -> Architecture:
    """MNv4-Conv "small", "medium" or "large"."""
    table, stem = SIZES[size]
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=stem),
        stages=table,
        head=HiddenHead(hidden=1280, layer="conv_norm"),
        naming="timm_mobilenetv4",
        init="timm_efficientnet",
    )


ENTRIES: dict[str, Entry] = {
    f"mobilenetv4_conv_{size}": Entry("mobilenetv4", partial(mobilenetv4, size), "timm") for size in SIZES
}
