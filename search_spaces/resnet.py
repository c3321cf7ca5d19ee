"""ResNet-50's table with the freedoms of OFA-ResNet: depth, width and bottleneck ratio of each stage."""

from __future__ import annotations

from nas.space import SearchSpace, choices

RATIOS = (0.125, 0.25, 0.375)

SPACE = SearchSpace(
    name="resnet",
    citation="He et al. 2015, arXiv:1512.03385, Table 1; freedoms after OFA-ResNet (Cai et al. 2020, arXiv:1908.09791)",
    base="resnet50",
    resolutions=(160, 192, 224, 256),
    stages=choices(
        "block       ratio  stride channels           repeats",
        ("bottleneck", RATIOS, 1, (192, 256, 320), (1, 2, 3, 4)),
        ("bottleneck", RATIOS, 2, (384, 512, 640), (2, 3, 4, 5)),
        ("bottleneck", RATIOS, 2, (768, 1024, 1280), (4, 5, 6, 7, 8)),
        ("bottleneck", RATIOS, 2, (1536, 2048, 2560), (1, 2, 3, 4)),
    ),
)
