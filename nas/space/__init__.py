"""Search spaces: tables with choices, their exact costs, and sampling under budgets."""

from nas.space.cells import CellChoices, CellPair, CellSpace
from nas.space.choices import StageChoices, choices, widths
from nas.space.coding import Genomes, Space
from nas.space.reading import read_space
from nas.space.space import SearchSpace

__all__ = [
    "CellChoices",
    "CellPair",
    "CellSpace",
    "Genomes",
    "SearchSpace",
    "Space",
    "StageChoices",
    "choices",
    "read_space",
    "widths",
]
