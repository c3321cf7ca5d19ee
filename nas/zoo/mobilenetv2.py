"""MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381)."""

from __future__ import annotations

from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.zoo.entry import Entry

# arXiv:1801.04381, Table 2.
MOBILENET_V2 = Architecture(
    resolution=224,
    stem=ConvStem(channels=32),
    stages=stages(
        "block              expand channels repeats stride",
        ("inverted_residual", 1, 16, 1, 1),
        ("inverted_residual", 6, 24, 2, 2),
        ("inverted_residual", 6, 32, 3, 2),
        ("inverted_residual", 6, 64, 4, 2),
        ("inverted_residual", 6, 96, 3, 1),
        ("inverted_residual", 6, 160, 3, 2),
        ("inverted_residual", 6, 320, 1, 1),
    ),
    head=PoolHead(channels=1280, dropout=0.2),
    activation="relu6",
    rounding="mobilenetv2",
    naming="torchvision_mobilenetv2",
    init="mobilenetv2",
)

ENTRIES: dict[str, Entry] = {"mobilenet_v2": Entry("mobilenetv2", lambda: MOBILENET_V2)}
