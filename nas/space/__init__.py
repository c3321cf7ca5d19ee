"""Search spaces: tables with choices, their exact costs, and sampling under budgets."""

from nas.space.choices import StageChoices, choices, widths
from nas.space.space import Genomes, SearchSpace

__all__ = ["Genomes", "SearchSpace", "StageChoices", "choices", "widths"]
