"""Scaling one axis, for comparison: each φ doubles the multiply-adds (Tan & Le 2019, arXiv:1905.11946 §3.2)."""

from __future__ import annotations

from scaling.rules.rule import Factors, Rule

SOURCE = "Tan & Le 2019, arXiv:1905.11946 §3.2, Figure 3"


def depth() -> Rule:
    """Repeats × 2^φ."""
    return Rule("depth", SOURCE, lambda phi: Factors(depth=2**phi))


def width() -> Rule:
    """Widths × √2^φ."""
    return Rule("width", SOURCE, lambda phi: Factors(width=2 ** (phi / 2)))


def resolution() -> Rule:
    """Image size × √2^φ."""
    return Rule("resolution", SOURCE, lambda phi: Factors(resolution=2 ** (phi / 2)))
