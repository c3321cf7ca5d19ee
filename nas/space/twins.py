"""The one way in which a network of cells still has several genomes: a cell that holds one block twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nas.cells import INPUTS
from nas.space.cell_prices import KINDS, Kind
from nas.space.cells import CellSpace

SAMPLE = 20_000  # genomes that an estimate looks at


def twins(space: CellSpace) -> str | None:
    """How many genomes have others that spell the same network, in words; None where none was found.

    Two equal blocks compute the same with weights of their own; what reads the one might as well read the other.
    """
    codes = space.codes(space.sample(SAMPLE, rng=np.random.default_rng(0)))
    several = np.zeros(SAMPLE, dtype=np.bool_)
    for kind in KINDS:
        several |= _spelled_again(space, kind, codes)
    if not several.any():
        return None
    return (
        f"cells with the same block twice can exchange what reads the two: about {100 * several.mean():.2g} % of the "
        "genomes spell a network that another genome spells too, and each counts for itself"
    )


def _spelled_again(space: CellSpace, kind: Kind, codes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether exchanging the readers of two equal blocks that follow each other gives another canonical genome."""
    own, _ = space.ordered(kind, codes)
    several = np.zeros(len(codes), dtype=np.bool_)
    for block in range(space.shape(kind).blocks - 1):
        equal = (own[:, 2 * block : 2 * block + 2] == own[:, 2 * block + 2 : 2 * block + 4]).all(axis=1)
        exchange = np.arange(INPUTS + space.shape(kind).blocks)
        exchange[INPUTS + block : INPUTS + block + 2] = INPUTS + block + 1, INPUTS + block
        again, _ = space.ordered(kind, codes[equal], exchange)
        several[equal] |= (again != own[equal]).any(axis=1)
    return several
