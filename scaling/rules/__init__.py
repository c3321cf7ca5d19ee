"""Scaling rules: one file a rule with its source, one line here."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from nas.errors import ScaleError, unknown
from nas.options import parse_option, take
from scaling.rules.axes import depth, resolution, width
from scaling.rules.efficientnet import ALPHA, BETA, GAMMA, efficientnet
from scaling.rules.efficientnetv2 import efficientnetv2
from scaling.rules.fast import fast
from scaling.rules.regnet import regnet
from scaling.rules.rule import Caps, Factors, Rule

RULES: dict[str, Callable[..., Rule]] = {
    "efficientnet": efficientnet,
    "efficientnetv2": efficientnetv2,
    "fast": fast,
    "regnet": regnet,
    "depth": depth,
    "width": width,
    "resolution": resolution,
}


def rule_named(text: str | Rule) -> Rule:
    """The rule of an option ("efficientnet", "fast:alpha=0.5"); raises ScaleError for an unknown rule or value."""
    if isinstance(text, Rule):
        return text
    name, values = parse_option(text)
    if name not in RULES:
        raise ScaleError(unknown("rule", name, RULES))
    parameters = inspect.signature(RULES[name]).parameters
    take(values, parameters, f"rule {name}")
    return RULES[name](**{key: _value(key, value, parameters[key], name) for key, value in values.items()})


def _value(key: str, text: str, parameter: inspect.Parameter, rule: str) -> float | int | str:
    """The option's value as the rule's parameter wants it."""
    if "str" in str(parameter.annotation):
        return text
    kind = int if parameter.annotation == "int" else float
    try:
        value = kind(text)
    except ValueError:
        raise ScaleError(f"rule {rule}: {key}={text} is no {'whole ' if kind is int else ''}number") from None
    if not 0 <= value <= 10_000:
        raise ScaleError(f"rule {rule}: {key}={text} is out of bounds; it must lie in [0, 10,000]")
    return value


__all__ = ["ALPHA", "BETA", "GAMMA", "RULES", "Caps", "Factors", "Rule", "rule_named"]
