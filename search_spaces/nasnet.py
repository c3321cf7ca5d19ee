"""NASNet's space: two cells of five blocks, stacked as NASNet-A mobile is.

Of the paper's 13 ops these are the eight of PNASNet, which hold all that NASNet-A uses. A cell's output joins the
states that no block reads, and besides the two that NASNet-A's own cells join although a block reads them (state 1, and
the third block of the reduction cell): else NASNet-A would be no member of the space.
"""

from __future__ import annotations

from nas.space import CellChoices, CellPair, CellSpace

OPS = (
    "identity",
    "separable_3x3",
    "separable_5x5",
    "separable_7x7",
    "conv_1x7_7x1",
    "average_3x3",
    "max_3x3",
    "dilated_3x3",
)

SPACE = CellSpace(
    name="nasnet",
    citation="Zoph et al. 2018, arXiv:1707.07012, §3 (NASNet), with the ops of Liu et al. 2018, arXiv:1712.00559, §3.1",
    base="nasnet_mobile",
    cells=CellPair(
        normal=CellChoices(blocks=5, ops=OPS, always=(1,)),
        reduction=CellChoices(blocks=5, ops=OPS, always=(4,)),
    ),
)
