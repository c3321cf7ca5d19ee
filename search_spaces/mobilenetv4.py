"""MobileNetV4's search around MNv4-Conv-S: each block with its own two depthwise kernels (0: none) and expansion."""

from __future__ import annotations

from nas.space import SearchSpace, choices

EXPAND = (2, 3, 4, 6)
KERNELS = tuple((start, middle) for start in (0, 3, 5) for middle in (0, 3, 5))
STRIDED = KERNELS[1:]  # a block with a stride has one of the two convolutions at least
MORE = 6  # blocks behind the first of a stage, each of which may be left out; the base has 5


def blocks(channels: int) -> tuple[tuple[object, ...], ...]:
    """A stage: the block with the stride, then those that may follow it."""
    return ("uib", STRIDED, EXPAND, 2, channels, 1), *[("uib", KERNELS, EXPAND, 1, channels, (0, 1))] * MORE


SPACE = SearchSpace(
    name="mobilenetv4",
    citation="Qin et al. 2024, arXiv:2404.10518: the kernels of its fine-grained search, which keeps expand at 4; "
    "here expand takes the values of its tables, and a stage may be shorter or one block deeper",
    base="mobilenetv4_conv_small",
    stages=(
        *choices("block kernel stride channels", ("conv", 3, 2, 32), ("conv", 1, 1, 32)),
        *choices("block kernel stride channels", ("conv", 3, 2, 96), ("conv", 1, 1, 64)),
        *choices("block start+middle expand stride channels repeats", *blocks(96), *blocks(128)),
        *choices("block kernel stride channels", ("conv", 1, 1, 960)),
    ),
)
