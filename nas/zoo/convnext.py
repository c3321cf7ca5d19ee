"""ConvNeXt (Liu et al. 2022, arXiv:2201.03545) and ConvNeXt V2 (Woo et al. 2023, arXiv:2301.00808)."""

from __future__ import annotations

from functools import partial
from typing import Literal

from nas.architecture import Architecture
from nas.blocks import stages
from nas.blocks.convnext import LAYER, NormHead, PatchStem
from nas.zoo.entry import Entry

# arXiv:2201.03545 §3: the width of the first stage (it doubles with each), the blocks of each stage, and the
# stochastic depth of Table 5, which torchvision's functions have too (none in timm, whose the largest is).
V1 = {
    "tiny": (96, (3, 3, 9, 3), 0.1),
    "small": (96, (3, 3, 27, 3), 0.4),
    "base": (128, (3, 3, 27, 3), 0.5),
    "large": (192, (3, 3, 27, 3), 0.5),
    "xlarge": (256, (3, 3, 27, 3), 0.0),
}
# arXiv:2301.00808 Appendix A.1; "small" is timm's (convnext.py convnextv2_small), which trained none of them anew.
V2 = {
    "atto": (40, (2, 2, 6, 2)),
    "femto": (48, (2, 2, 6, 2)),
    "pico": (64, (2, 2, 6, 2)),
    "nano": (80, (2, 2, 8, 2)),
    "tiny": (96, (3, 3, 9, 3)),
    "small": (96, (3, 3, 27, 3)),
    "base": (128, (3, 3, 27, 3)),
    "large": (192, (3, 3, 27, 3)),
    "huge": (352, (3, 3, 27, 3)),
}
AS_CONV = ("atto", "femto", "pico", "nano")  # timm holds the 1×1 convolutions of these as such, of others as matrices


def convnext(
    width: int, repeats: tuple[int, ...], drop_path: float = 0.0, *, naming: str, **cells: object
) -> Architecture:
    """Four stages of which each is twice as wide as the one before; `cells` are the same in all."""
    widths = [width * 2**stage for stage in range(4)]
    rows = zip(["convnext"] * 4, widths, repeats, (1, 2, 2, 2), strict=True)
    return Architecture(
        resolution=224,
        stem=PatchStem(channels=width),
        stages=stages(" ".join(["block channels repeats stride", *cells]), *((*row, *cells.values()) for row in rows)),
        head=NormHead(),
        activation="gelu",
        norm=LAYER,
        drop_path=drop_path,
        drop_path_at="last",
        naming=naming,
        init="convnext",
    )


def v1(size: str, library: Literal["torchvision", "timm"]) -> Architecture:
    """ConvNeXt-T … ConvNeXt-XL."""
    return convnext(*V1[size], naming=f"{library}_convnext")


def v2(size: str) -> Architecture:
    """ConvNeXt V2-A … ConvNeXt V2-H: global response norm in the place of layer scale."""
    dense = "conv" if size in AS_CONV else "linear"
    return convnext(*V2[size], naming="timm_convnext", grn=True, scale=0, dense=dense)


ENTRIES: dict[str, Entry] = {
    **{f"convnext_{size}": Entry("convnext", partial(v1, size, "torchvision")) for size in V1 if size != "xlarge"},
    "convnext_xlarge": Entry("convnext", partial(v1, "xlarge", "timm"), "timm"),
    **{f"convnextv2_{size}": Entry("convnextv2", partial(v2, size), "timm") for size in V2},
}
