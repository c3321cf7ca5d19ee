"""SNIP (Lee et al. 2019, arXiv:1810.02340, eq. 5; summed by Abdelfattah et al. 2021, arXiv:2101.08134, eq. 1).

Σ |w · ∂L/∂w|, how much the loss depends on whether a weight is there; here its logarithm.
"""

from __future__ import annotations

from nas.proxies.logs import log
from nas.proxies.subject import Subject


def measure(subject: Subject) -> float:
    """log Σ |w · ∂L/∂w| over the weights of convolutions and linear layers, after one batch."""
    pairs = zip(subject.weights(subject.model), subject.gradients(), strict=True)
    saliences = [float((weight.detach() * gradient).abs().double().sum()) for weight, gradient in pairs]
    return log(sum(saliences), "no weight changes the loss")
