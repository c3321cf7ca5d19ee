"""ConvNeXt's design questions, stage by stage: how large a kernel, how wide, and where the blocks stand."""

from __future__ import annotations

from nas.space import SearchSpace, choices

# Kernel sizes that the paper compares (§2.5, 3 to 11), around its choice of 7.
KERNELS = (3, 5, 7, 9)

SPACE = SearchSpace(
    name="convnext",
    citation="Liu et al. 2022, arXiv:2201.03545, §2 (stage ratio, width, kernel) and §3 (ConvNeXt-T, the base)",
    base="convnext_tiny",
    resolutions=(160, 192, 224, 256),
    stages=choices(
        "block     kernel  stride channels                       repeats",
        ("convnext", KERNELS, 1, 96, (1, 2, 3, 4)),  # the width of the stem: another would need a layer between them
        ("convnext", KERNELS, 2, (128, 160, 192, 224, 256), (2, 3, 4, 5)),
        ("convnext", KERNELS, 2, (256, 320, 384, 448, 512), (5, 6, 7, 8, 9, 10, 11, 12)),
        ("convnext", KERNELS, 2, (512, 640, 768, 896, 1024), (2, 3, 4, 5)),
    ),
)
