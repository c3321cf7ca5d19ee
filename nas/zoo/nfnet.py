"""NFNets (Brock et al. 2021, arXiv:2102.06171): residual networks without norms, on standardised filters."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import PoolHead, QuadStem, stages
from nas.blocks.row import Convolution, Norm
from nas.zoo.entry import Entry

# arXiv:2102.06171, Table 1, and google-deepmind/deepmind-research, nfnets/base.py, nfnet_params: the image size is that
# of the test, and FN has N + 1 times the blocks of F0.
TABLE = {
    #    resolution dropout
    "F0": (256, 0.2),
    "F1": (320, 0.3),
    "F2": (352, 0.4),
    "F3": (416, 0.4),
    "F4": (512, 0.5),
    "F5": (544, 0.5),
    "F6": (576, 0.5),
}
DEPTHS = (1, 2, 6, 3)
STRIDES = (1, 2, 2, 2)
WIDTHS, GROUPS = (256, 512, 1536, 1536), (128, 128, 128, 128)
DROP_PATH = 0.25  # nfnets/experiment_nfnets.py

# The wider F4+ of Table 4. A group of 128 does not go into half of 384 channels: the code as released leaves 128 of the
# 192, but the 527M parameters that the paper reports are those of one group of 192.
PLUS = (384, 768, 2048, 2048), (192, 128, 128, 128)
FOLLOWS = (
    "NFNet-F4+: the widths of nfnets/base.py (google-deepmind/deepmind-research), with one group of 192 channels in "
    "the blocks of the first stage"
)


def nfnet(size: str, widths: tuple[int, ...] = WIDTHS, groups: tuple[int, ...] = GROUPS) -> Architecture:
    """NFNet-F0 … F6, or one of other widths; `groups` are the widths of the groups."""
    resolution, dropout = TABLE[size]
    repeats = [(int(size[1]) + 1) * depth for depth in DEPTHS]
    rows = zip(["nfnet"] * 4, widths, groups, repeats, STRIDES, strict=True)
    return Architecture(
        resolution=resolution,
        stem=QuadStem(channels=widths[0] // 2, first=16),
        stages=stages("block channels group_width repeats stride", *rows),
        head=PoolHead(channels=2 * widths[-1], tapped=True, dropout=dropout),
        activation="gelu",
        activation_gain=True,
        norm=Norm(kind="none"),
        convolution=Convolution(kind="scaled", eps=1e-5),
        padding="same",
        drop_path=DROP_PATH,
        naming="timm_nfnet",
        init="nfnet",
    )


ENTRIES: dict[str, Entry] = {
    **{f"dm_nfnet_{size.lower()}": Entry("nfnet", partial(nfnet, size), "timm") for size in TABLE},
    "dm_nfnet_f4_plus": Entry("nfnet", partial(nfnet, "F4", *PLUS), "", FOLLOWS),
}
