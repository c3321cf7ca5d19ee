"""NASNet-A (Zoph et al. 2018, arXiv:1707.07012): two cells found on CIFAR-10, stacked for ImageNet."""

from __future__ import annotations

from nas.cells import Block, Cell, CellNames, CellNetwork
from nas.zoo.entry import Entry
from nas.zoo.plan import cell_plan

# Figure 4. States: 0 is the cell before, 1 the one before that, 2 … 6 are the blocks.
NORMAL = Cell(
    blocks=(
        #     left          op         right      op
        Block(0, "separable_5x5", 1, "separable_3x3"),
        Block(1, "separable_5x5", 1, "separable_3x3"),
        Block(0, "average_3x3", 1, "identity"),
        Block(1, "average_3x3", 1, "average_3x3"),
        Block(0, "separable_3x3", 0, "identity"),
    ),
    outputs=(1, 2, 3, 4, 5, 6),
)
REDUCTION = Cell(
    blocks=(
        Block(0, "separable_5x5", 1, "separable_7x7"),
        Block(0, "max_3x3", 1, "separable_7x7"),
        Block(0, "average_3x3", 1, "separable_5x5"),
        Block(3, "identity", 2, "average_3x3"),
        Block(2, "separable_3x3", 0, "max_3x3"),
    ),
    outputs=(3, 4, 5, 6),
)

# tensorflow/models, research/slim/nets/nasnet/nasnet.py, large_imagenet_config and mobile_imagenet_config. The paper
# calls them N @ channels: N cells a stage, and 6 × 4 × filters channels behind the last.
LARGE, MOBILE = (
    CellNetwork(
        normal=NORMAL,
        reduction=REDUCTION,
        filters=channels // 24,
        repeats=(repeats,) * 3,
        stem=stem,
        skip=skip,
        resolution=resolution,
        dropout=0.5,
    )
    for repeats, channels, stem, skip, resolution in (
        (6, 4032, 96, True, 331),
        (4, 1056, 32, False, 224),
    )
)

# timm's names; Cadene/pretrained-models.pytorch numbers the mobile network's cells as if there were six in a stage too.
NAMES = CellNames(halved="", first=(0, 6, 12))

MOBILE_CODE = "timm's NASNetALarge of 1056 features, 4 cells a stage, rewired as TF-slim's mobile (no registered entry)"

ENTRIES: dict[str, Entry] = {
    "nasnetalarge": Entry("nasnet", None, "timm", plan=cell_plan(LARGE, NAMES)),
    "nasnet_mobile": Entry("nasnet", None, f"code:{MOBILE_CODE}", plan=cell_plan(MOBILE, NAMES)),
}
