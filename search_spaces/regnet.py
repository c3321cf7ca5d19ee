"""AnyNetX and AnyNetY around RegNetY-800MF: depth, width, group width and squeeze-excite of each stage."""

from __future__ import annotations

from nas.space import SearchSpace, choices

GROUPS = (8, 16, 24)  # the group widths of arXiv:2003.13678's networks of 200 MF to 1.6 GF
SE = (0, 0.25)  # an X block or a Y block


def fitting(*widths: int) -> tuple[tuple[int, int], ...]:
    """Each width with each group width that divides it: a pair that needs no repair."""
    return tuple((width, group) for width in widths for group in GROUPS if width % group == 0)


SPACE = SearchSpace(
    name="regnet",
    citation="Radosavovic et al. 2020, arXiv:2003.13678, §3.2: AnyNet with bottleneck ratio 1, as its §4 finds best; "
    "the rule that makes it RegNet is `nascli scale --rule regnet`",
    base="regnet_y_800mf",
    stages=choices(
        "block    stride channels+group_width                    repeats           se",
        ("regnet", 2, fitting(32, 48, 64, 80, 96), (1, 2, 3), SE),
        ("regnet", 2, fitting(96, 112, 128, 144, 160, 192), (1, 2, 3, 4, 5), SE),
        ("regnet", 2, fitting(192, 240, 256, 288, 320, 384), (4, 5, 6, 7, 8, 9, 10), SE),
        ("regnet", 2, fitting(384, 448, 512, 576, 640, 784), (1, 2, 3, 4), SE),
    ),
)
