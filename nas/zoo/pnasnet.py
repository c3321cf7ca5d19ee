"""PNASNet-5 (Liu et al. 2018, arXiv:1712.00559): one cell, strided where the map is halved."""

from __future__ import annotations

from nas.cells import Block, Cell, CellNames, CellNetwork
from nas.zoo.entry import Entry
from nas.zoo.plan import cell_plan

# Figure 1, left. States: 0 is the cell before, 1 the one before that, 2 … 6 are the blocks.
CELL = Cell(
    blocks=(
        #     left          op         right      op
        Block(1, "separable_5x5", 1, "max_3x3"),
        Block(0, "separable_7x7", 0, "max_3x3"),
        Block(0, "separable_5x5", 0, "separable_3x3"),
        Block(4, "separable_3x3", 0, "max_3x3"),
        Block(1, "separable_3x3", 0, "identity"),
    ),
    outputs=(2, 3, 4, 5, 6),
)

# PNASNet-5 (N = 4, F = 216) of the paper's large ImageNet networks: 12 cells, of which two are strided. Dropout is that
# of tensorflow/models, research/slim/nets/nasnet/pnasnet.py.
LARGE = CellNetwork(
    normal=CELL, reduction=CELL, filters=216, repeats=(4, 3, 3), stem=96, resolution=331, dropout=0.5
)  # fmt: skip

NAMES = CellNames(stem="conv_0", reduction="cell_{}")

ENTRIES: dict[str, Entry] = {
    "pnasnet5large": Entry("pnasnet", None, "timm", plan=cell_plan(LARGE, NAMES)),
}
