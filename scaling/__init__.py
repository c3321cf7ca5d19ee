"""Scaling: the policies that turn one network into a family. The mechanism is `nas.multiply`."""

from scaling.compound import ALPHA, BETA, GAMMA, multipliers, scale
from scaling.presets import PRESETS, apply, implied_phi

__all__ = ["ALPHA", "BETA", "GAMMA", "PRESETS", "apply", "implied_phi", "multipliers", "scale"]
