"""GhostNet (Han et al. 2020, arXiv:1911.11907), as timm has it."""

from __future__ import annotations

from nas.architecture import Architecture
from nas.blocks import ConvStem, HiddenHead, stages
from nas.zoo.entry import Entry

# arXiv:1911.11907, Table 1; expand is the table's "#exp" over the block's input.
GHOSTNET = Architecture(
    resolution=224,
    stem=ConvStem(channels=16),
    stages=(
        *stages(
            "block  expand kernel se stride channels repeats",
            ("ghost", 1.0, 3, 0.00, 1, 16, 1),
            ("ghost", 3.0, 3, 0.00, 2, 24, 1),
            ("ghost", 3.0, 3, 0.00, 1, 24, 1),
            ("ghost", 3.0, 5, 0.25, 2, 40, 1),
            ("ghost", 3.0, 5, 0.25, 1, 40, 1),
            ("ghost", 6.0, 3, 0.00, 2, 80, 1),
            ("ghost", 2.5, 3, 0.00, 1, 80, 1),
            ("ghost", 2.3, 3, 0.00, 1, 80, 2),
            ("ghost", 6.0, 3, 0.25, 1, 112, 2),
            ("ghost", 6.0, 5, 0.25, 2, 160, 1),
            ("ghost", 6.0, 5, 0.00, 1, 160, 1),
            ("ghost", 6.0, 5, 0.25, 1, 160, 1),
            ("ghost", 6.0, 5, 0.00, 1, 160, 1),
            ("ghost", 6.0, 5, 0.25, 1, 160, 1),
        ),
        *stages("block kernel channels", ("conv", 1, 960)),
    ),
    head=HiddenHead(hidden=1280, layer="conv", dropout=0.2),
    taps="first",
    rounding="ghostnet",
    naming="timm_ghostnet",
    init="torch",
)

ENTRIES: dict[str, Entry] = {"ghostnet_100": Entry("ghostnet", lambda: GHOSTNET, "timm")}
