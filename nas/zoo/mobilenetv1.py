"""MobileNetV1 (Howard et al. 2017, arXiv:1704.04861)."""

from __future__ import annotations

from nas.architecture import Architecture
from nas.blocks import ConvStem, stages
from nas.zoo.entry import Entry

# arXiv:1704.04861, Table 1. Its last depthwise row prints stride 2, where 7×7 maps stay 7×7: it means 1.
MOBILENET_V1 = Architecture(
    resolution=224,
    stem=ConvStem(channels=32),
    stages=stages(
        "block     channels repeats stride",
        ("separable", 64, 1, 1),
        ("separable", 128, 2, 2),
        ("separable", 256, 2, 2),
        ("separable", 512, 6, 2),
        ("separable", 1024, 2, 2),
    ),
    activation="relu6",  # the paper has ReLU; its code (tensorflow/models, mobilenet_v1.py) and timm have ReLU6
    rounding="efficientnet",
    naming="timm_mobilenetv1",
    init="timm_efficientnet",
)

ENTRIES: dict[str, Entry] = {"mobilenetv1_100": Entry("mobilenetv1", lambda: MOBILENET_V1, "timm")}
