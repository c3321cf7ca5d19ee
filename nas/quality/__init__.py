"""How well an evaluator ranks, measured on labels: overall, at a fixed budget, and beside what costs nothing."""

from nas.quality.assessing import quality_of
from nas.quality.checking import Check, check_evaluator

__all__ = ["Check", "check_evaluator", "quality_of"]
