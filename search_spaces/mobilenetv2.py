"""MobileNetV2's table with the choices of ProxylessNAS: expand 3 or 6, kernel 3, 5 or 7, one to four layers."""

from __future__ import annotations

from nas.space import SearchSpace, choices

BLOCK = "inverted_residual"

SPACE = SearchSpace(
    name="mobilenetv2",
    citation="Sandler et al. 2018, arXiv:1801.04381, Table 2; choices of Cai et al. 2019, arXiv:1812.00332, §3.1",
    base="mobilenet_v2",
    stages=choices(
        "block  expand kernel   stride channels repeats",
        (BLOCK, 1, (3, 5, 7), 1, 16, 1),
        (BLOCK, (3, 6), (3, 5, 7), 2, 24, (1, 2, 3, 4)),
        (BLOCK, (3, 6), (3, 5, 7), 2, 32, (1, 2, 3, 4)),
        (BLOCK, (3, 6), (3, 5, 7), 2, 64, (1, 2, 3, 4)),
        (BLOCK, (3, 6), (3, 5, 7), 1, 96, (1, 2, 3, 4)),
        (BLOCK, (3, 6), (3, 5, 7), 2, 160, (1, 2, 3, 4)),
        (BLOCK, (3, 6), (3, 5, 7), 1, 320, 1),
    ),
)
