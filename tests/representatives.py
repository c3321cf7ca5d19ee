"""One network a family stands for it by default, the one with the fewest parameters; the others are slow tests."""

from __future__ import annotations

from nas import zoo
from nas.zoo.published import figures

PARAMS = {name: min((row.params or 0 for row in figures(name, zoo.entry(name))), default=0) for name in zoo.names()}
REPRESENTATIVES = frozenset(
    min(zoo.names(family), key=lambda name: (PARAMS[name] or 1e12, name)) for family in zoo.families()
)
# The deepest of their kinds, where random weights are soon worth nothing: torch's own float32 was 64 % off its float64.
DEEP = frozenset({"efficientnet_v2_l", "resnet152", "inception_v4", "resnetv2_101x1_bit"})
