"""Scaling within RegNet's generating rule (Radosavovic et al. 2020, arXiv:2003.13678)."""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.blocks.regnet import RegNetBlock
from nas.errors import ArchitectureError, ScaleError
from nas.rounding import Rounding
from nas.zoo.regnet import SE, X, Y, generate
from scaling.rules.rule import Factors, Rule

Fit = Literal["pycls", "torchvision"]


class Numbers(NamedTuple):
    """What generates a RegNet."""

    d: int
    w_0: int
    w_a: float
    w_m: float
    group_width: int
    se: float
    fit: Fit

    def stages(self) -> tuple[Stage, ...]:
        """The stages that they generate."""
        return generate(self.w_0, self.w_a, self.w_m, self.d, self.group_width, se=self.se, fit=self.fit)


def regnet() -> Rule:
    """w_0 and w_a × √2^φ, group width likewise; d and w_m stay, and so does the image size.

    §4 finds that the best models of every size have about 20 blocks and w_m about 2.5, and grow in width. The base
    must be a published RegNet: its numbers are looked up.
    """
    return Rule(
        "regnet",
        "after Radosavovic et al. 2020, arXiv:2003.13678 §3.3, §4",
        lambda phi: Factors(width=2 ** (phi / 2), group_width=2 ** (phi / 2)),
        replaces=_regenerated,
    )


@cache
def _published() -> dict[tuple[Stage, ...], Numbers]:
    fits: tuple[Fit, Fit] = ("torchvision", "pycls")
    found = {}
    for kind, table in (("x", X), ("y", Y)):
        for row in table.values():
            for fit in fits:
                numbers = Numbers(*row, SE[kind], fit)
                found[numbers.stages()] = numbers
    return found


def _regenerated(base: Architecture, factors: Factors, rounding: Rounding) -> Architecture:
    numbers = _published().get(base.stages)
    if numbers is None:
        raise ScaleError("rule regnet scales the published RegNets, whose numbers are known; take another rule")
    if factors == Factors():
        return base
    group = RegNetBlock(channels=numbers.group_width, group_width=numbers.group_width).fitted(factors.group_width)
    wider = numbers._replace(
        d=max(1, round(numbers.d * factors.depth)),
        w_0=max(8, round(numbers.w_0 * factors.width / 8) * 8),
        w_a=numbers.w_a * factors.width,
        group_width=group.group_width,
    )
    try:
        return Architecture.read(base.model_copy(update={"stages": wider.stages()}).model_dump())
    except (ArchitectureError, ValueError) as error:
        raise ScaleError(f"rule regnet: {error}") from None
