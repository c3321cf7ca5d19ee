"""ZiCo (Li et al. 2023, arXiv:2301.11300, eq. 19): Σ over layers of log Σ over weights of E|g| / √Var(g).

g are the gradients of a weight over several batches. Weights whose gradient never changes are left out, and layers all
of whose weights are, as in the authors' code.
"""

from __future__ import annotations

import math

from nas.errors import EvaluatorError
from nas.proxies.subject import Subject


def measure(subject: Subject) -> float:
    """Σ log Σ mean|g| / deviation(g) over `repeats` batches."""
    batches = zip(*(subject.gradients(batch) for batch in range(subject.setting.repeats)), strict=True)
    layers = []
    for layer in batches:
        mean = sum(layer) / len(layer)
        size = sum(gradient.abs() for gradient in layer) / len(layer)
        deviation = (sum((gradient - mean) ** 2 for gradient in layer) / len(layer)).sqrt()
        ratios = (size / deviation)[deviation > 0]
        if (ratio := float(ratios.double().sum())) > 0:
            layers.append(math.log(ratio))
    if not layers:
        raise EvaluatorError("no gradient differs between the batches")
    return sum(layers)
