"""EfficientNet's compound scaling (Tan & Le 2019, arXiv:1905.11946)."""

from __future__ import annotations

from nas.errors import ScaleError
from scaling.rules.rule import Factors, Rule

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15  # §3.3: found by a grid search at φ = 1, α·β²·γ² ≈ 2


def efficientnet(alpha: float = ALPHA, beta: float = BETA, gamma: float = GAMMA) -> Rule:
    """Depth α^φ, width β^φ, resolution γ^φ."""
    check_growth("efficientnet", alpha=alpha, beta=beta, gamma=gamma)
    return Rule(
        "efficientnet",
        "Tan & Le 2019, arXiv:1905.11946 §3.3",
        lambda phi: Factors(alpha**phi, beta**phi, gamma**phi),
    )


def check_growth(rule: str, **growth: float) -> None:
    """ScaleError for an α, β or γ below 1: a larger φ would then be a smaller network."""
    for name, value in growth.items():
        if not value >= 1:
            raise ScaleError(f"rule {rule}: {name}={value:g} shrinks with φ; it must be at least 1 (§3.3: α, β, γ ≥ 1)")
