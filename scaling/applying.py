"""Applying a rule to an architecture."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from nas.architecture import Architecture
from nas.errors import ArchitectureError, ScaleError
from nas.multiplying import multiply
from nas.rounding import Rounding, rounding_rule
from scaling.rules import Caps, Factors, Rule, rule_named

UNCAPPED = Caps()


class Applied(NamedTuple):
    """A scaled table, and the factors that made it."""

    architecture: Architecture
    factors: Factors


def scale(
    architecture: Architecture,
    phi: float,
    *,
    rule: str | Rule = "efficientnet",
    caps: Caps = UNCAPPED,
    rounding: str | Rounding | None = None,
) -> Architecture:
    """The architecture scaled by a rule at φ, which may be fractional or negative; φ = 0 is the base.

    `rule` is a Rule or an option ("efficientnet", "fast:alpha=0.5"), `caps` bounds the axes, `rounding` names the
    rule for whole numbers (default: the family's own). Raises ScaleError when a stage vanishes, a size exceeds its
    bound, or a cap lies below the base.
    """
    return applied(architecture, phi, rule=rule, caps=caps, rounding=rounding).architecture


def applied(
    architecture: Architecture,
    phi: float,
    *,
    rule: str | Rule = "efficientnet",
    caps: Caps = UNCAPPED,
    rounding: str | Rounding | None = None,
) -> Applied:
    """What `scale` returns, with the factors that made it."""
    policy = rule_named(rule)
    factors = within(policy, policy.at(phi), caps, architecture.resolution)
    rounded = rounding or architecture.rounding
    whole = rounding_rule(rounded) if isinstance(rounded, str) else rounded
    try:
        if policy.replaces is not None:
            return Applied(policy.replaces(architecture, factors, whole), factors)
        table = multiply(architecture, **{axis: getattr(factors, axis) for axis in Factors.__slots__}, rounding=whole)
        return Applied(policy.finish(architecture, table, factors, whole) if policy.finish else table, factors)
    except (ArchitectureError, ScaleError) as error:
        raise ScaleError(f"phi={phi:g}: {error}") from None


def within(rule: Rule, factors: Factors, caps: Caps, size: int) -> Factors:
    """The factors within the caller's caps and the rule's own largest image size."""
    bound = caps.bound(factors, size)
    if rule.largest is not None:
        bound = replace(bound, resolution=min(bound.resolution, max(1.0, rule.largest / size)))
    return bound
