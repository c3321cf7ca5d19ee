"""EfficientNetV2's question: where is a fused block better? From V2-B0, each stage either kind of block."""

from __future__ import annotations

from functools import partial

from nas.space import SearchSpace, choices
from nas.space import widths as scaled

widths = partial(scaled, factors=(0.75, 1, 1.25), rounding="efficientnetv2")
EITHER = ("mbconv", "fused_mbconv")

SPACE = SearchSpace(
    name="efficientnetv2",
    citation="Tan & Le 2021, arXiv:2104.00298, §3.3; the base is google/automl effnetv2_configs.py, v2_base_block",
    base="efficientnetv2_b0",
    stages=choices(
        "block expand     kernel  stride channels    repeats    se",
        (EITHER, (1, 2, 4, 6), (3, 5), 1, widths(16), (1, 2), (0, 0.25)),
        (EITHER, (1, 2, 4, 6), (3, 5), 2, widths(32), (1, 2, 3), (0, 0.25)),
        (EITHER, (1, 2, 4, 6), (3, 5), 2, widths(48), (1, 2, 3), (0, 0.25)),
        (EITHER, (1, 2, 4, 6), (3, 5), 2, widths(96), (2, 3, 4), (0, 0.25)),
        (EITHER, (1, 2, 4, 6), (3, 5), 1, widths(112), (4, 5, 6), (0, 0.25)),
        (EITHER, (1, 2, 4, 6), (3, 5), 2, widths(192), (7, 8, 9), (0, 0.25)),
    ),
)
