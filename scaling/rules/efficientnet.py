"""EfficientNet's compound scaling (Tan & Le 2019, arXiv:1905.11946)."""

from __future__ import annotations

from scaling.rules.rule import Factors, Rule

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15  # §3.3: found by a grid search at φ = 1, α·β²·γ² ≈ 2


def efficientnet(alpha: float = ALPHA, beta: float = BETA, gamma: float = GAMMA) -> Rule:
    """Depth α^φ, width β^φ, resolution γ^φ."""
    return Rule(
        "efficientnet",
        "Tan & Le 2019, arXiv:1905.11946 §3.3",
        lambda phi: Factors(alpha**phi, beta**phi, gamma**phi),
    )
