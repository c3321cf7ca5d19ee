"""InceptionNeXt (Yu et al. 2023, arXiv:2303.16900): ConvNeXt with Inception branches for its depthwise kernel."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import stages
from nas.blocks.convnext import MlpHead, PatchStem
from nas.zoo.entry import Entry

# arXiv:2303.16900, Table 2: the width of the first stage (it doubles with each) and the blocks of each stage; then the
# length of the bands and a branch's share of the channels. "atto" is the authors' code's (sail-sg/inceptionnext).
TABLE = {
    "atto": (40, (2, 2, 6, 2), 9, 0.25),
    "tiny": (96, (3, 3, 9, 3), 11, 0.125),
    "small": (96, (3, 3, 27, 3), 11, 0.125),
    "base": (128, (3, 3, 27, 3), 11, 0.125),
}
EXPAND = (4, 4, 4, 3)


def inception_next(size: str) -> Architecture:
    """InceptionNeXt-A, -T, -S, -B."""
    width, repeats, band, branch = TABLE[size]
    widths = [width * 2**stage for stage in range(4)]
    rows = zip(["inception_next"] * 4, widths, repeats, (1, 2, 2, 2), EXPAND, [band] * 4, [branch] * 4, strict=True)
    return Architecture(
        resolution=224,
        stem=PatchStem(channels=width),
        stages=stages("block channels repeats stride expand band branch", *rows),
        head=MlpHead(),
        activation="gelu",
        drop_path_at="last",
        naming="timm_inception_next",
        init="convnext",
    )


ENTRIES: dict[str, Entry] = {
    f"inception_next_{size}": Entry("inception_next", partial(inception_next, size), "timm") for size in TABLE
}
