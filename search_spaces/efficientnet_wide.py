"""The efficientnet space with more freedom: widths × 0.75 to 1.25, kernel 7, and the image size."""

from __future__ import annotations

from functools import partial

from nas.space import SearchSpace, choices
from nas.space import widths as scaled

widths = partial(scaled, factors=(0.75, 1, 1.25), rounding="efficientnet")

# The last stage leaves out × 0.75: 240 channels is also × 1.25 of the stage before it, and at stride 1 the two
# would run into one another, so that some networks had several genomes.
LAST = tuple(width for width in widths(320) if width not in widths(192))

SPACE = SearchSpace(
    name="efficientnet_wide",
    citation="Tan & Le 2019, arXiv:1905.11946, Table 1, with the kernels of Cai et al. 2019, arXiv:1812.00332",
    base="efficientnet_b0",
    resolutions=(192, 208, 224, 240, 256),
    stages=choices(
        "block   expand     kernel   stride channels      repeats       se",
        ("mbconv", (1, 4, 6), (3, 5, 7), 1, widths(16), (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5, 7), 2, widths(24), (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5, 7), 2, widths(40), (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5, 7), 2, widths(80), (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5, 7), 1, widths(112), (1, 2, 3), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5, 7), 2, widths(192), (1, 2, 3, 4), (0, 0.25)),
        ("mbconv", (1, 4, 6), (3, 5, 7), 1, LAST, (1, 2, 3), (0, 0.25)),
    ),
)
