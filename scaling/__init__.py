"""Scaling: the policies that turn one network into a family. The mechanism is `nas.multiply`."""

from scaling.applying import Applied, applied, scale
from scaling.graphs import scale_graph
from scaling.presets import PRESETS, apply, implied_phi
from scaling.rules import RULES, Caps, Factors, Rule, rule_named

__all__ = [
    "PRESETS",
    "RULES",
    "Applied",
    "Caps",
    "Factors",
    "Rule",
    "applied",
    "apply",
    "implied_phi",
    "rule_named",
    "scale",
    "scale_graph",
]
