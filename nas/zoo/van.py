"""Visual Attention Network (Guo et al. 2022, arXiv:2202.09741): convolutions for attention."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import stages
from nas.blocks.convnext import PatchStem
from nas.zoo.entry import Entry

# arXiv:2202.09741, Table 2: widths and blocks of the stages; then the rate of stochastic depth that the authors
# trained with (Visual-Attention-Network/VAN-Classification, README: B0 to B3; none is told of the larger ones).
TABLE = {
    "b0": ((32, 64, 160, 256), (3, 3, 5, 2), 0.1),
    "b1": ((64, 128, 320, 512), (2, 2, 4, 2), 0.1),
    "b2": ((64, 128, 320, 512), (3, 3, 12, 3), 0.1),
    "b3": ((64, 128, 320, 512), (3, 5, 27, 3), 0.2),
    "b4": ((64, 128, 320, 512), (3, 6, 40, 3), 0.0),
    "b5": ((96, 192, 480, 768), (3, 3, 24, 3), 0.0),
    "b6": ((96, 192, 384, 768), (6, 6, 90, 6), 0.0),
}
EXPAND = (8, 8, 4, 4)  # Table 2, "e.r."


def van(size: str) -> Architecture:
    """VAN-B0 … VAN-B6."""
    widths, repeats, drop_path = TABLE[size]
    rows = zip(["van"] * 4, widths, repeats, (1, 2, 2, 2), EXPAND, strict=True)
    return Architecture(
        resolution=224,
        stem=PatchStem(channels=widths[0], kernel=7),
        stages=stages("block channels repeats stride expand", *rows),
        activation="gelu",
        drop_path=drop_path,
        drop_path_at="last",
        naming="original_van",
        init="van",
    )


ENTRIES: dict[str, Entry] = {f"van_{size}": Entry("van", partial(van, size), f"original:van_{size}") for size in TABLE}
