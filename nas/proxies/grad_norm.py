"""Gradient norm (Abdelfattah et al. 2021, arXiv:2101.08134, §3.1): Σ over layers of ‖∂L/∂W‖₂, here its logarithm."""

from __future__ import annotations

from nas.proxies.logs import log
from nas.proxies.subject import Subject


def measure(subject: Subject) -> float:
    """log Σ ‖∂L/∂W‖₂ over convolutions and linear layers, after one batch."""
    return log(sum(float(gradient.norm()) for gradient in subject.gradients()), "every gradient is 0")
