"""Once-for-all's space around MobileNetV3-Large: kernel, expand and depth of five stages, and the image size."""

from __future__ import annotations

from nas.blocks import stages
from nas.space import SearchSpace, choices
from nas.zoo import architecture

V3, RE, HS = "mobilenetv3", "relu", "hardswish"
LARGE = architecture("mobilenet_v3_large")

# MobileNetV3-Large with the blocks of a stage alike, as every network of the space has them: 220M macs, not 217M.
BASE = LARGE.model_copy(
    update={
        "stages": (
            *stages(
                "block expand kernel channels se activation stride repeats",
                (V3, 1, 3, 16, 0, RE, 1, 1),
                (V3, 4, 3, 24, 0, RE, 2, 2),
                (V3, 3, 5, 40, 0.25, RE, 2, 3),
                (V3, 3, 3, 80, 0, HS, 2, 4),
                (V3, 6, 3, 112, 0.25, HS, 1, 2),
                (V3, 6, 5, 160, 0.25, HS, 2, 3),
            ),
            LARGE.stages[-1],
        )
    }
)

EXPAND, KERNEL, REPEATS = (3, 4, 6), (3, 5, 7), (2, 3, 4)

SPACE = SearchSpace(
    name="mobilenetv3",
    citation="Howard et al. 2019, arXiv:1905.02244, Table 1; choices of Cai et al. 2020, arXiv:1908.09791, §3.2 "
    "(once-for-all), of a stage where theirs are of a block",
    base=BASE,
    resolutions=tuple(range(128, 225, 4)),
    stages=(
        *choices(
            "block expand kernel channels se activation stride repeats",
            (V3, 1, 3, 16, 0, RE, 1, 1),
            (V3, EXPAND, KERNEL, 24, 0, RE, 2, REPEATS),
            (V3, EXPAND, KERNEL, 40, 0.25, RE, 2, REPEATS),
            (V3, EXPAND, KERNEL, 80, 0, HS, 2, REPEATS),
            (V3, EXPAND, KERNEL, 112, 0.25, HS, 1, REPEATS),
            (V3, EXPAND, KERNEL, 160, 0.25, HS, 2, REPEATS),
        ),
        *choices("block kernel channels", ("conv", 1, 960)),
    ),
)
