"""The verdict on an evaluator, by rule, in words.

- *cannot tell at a fixed budget*: no band holds 20 networks.
- *do not use at a fixed budget*: the 90 % interval of its median in-band Spearman reaches down to 0, or it does not
  beat the best baseline there (params, macs, activations or depth; one that orders the networks as the evaluator does
  is no rival).
- *use*: that interval lies at 0.5 or above, so that a pick gains half of what the best would or more (for normal
  scores and labels, a pick's expected gain is about Spearman's share of it); the interval of its lead over the best
  baseline lies above 0; no band ranks backwards; at most 5 % of the networks failed; none helped to fit it.
- *use with care*: everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

USE, CARE, NOT, UNTOLD = "use", "use with care", "do not use at a fixed budget", "cannot tell at a fixed budget"
STRONG = 0.5  # of the lower end of the in-band Spearman
MOST_FAILED = 0.05


@dataclass(frozen=True)
class Figure:
    """A figure with its 90 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} (90 % interval {self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Case:
    """What a verdict rests on: Spearman in each band, their median, and the best baseline with the lead over it.

    Of the `asked` networks `failed` have no score, and the evaluator was fitted on `seen`; it was on `left_out` others.
    """

    in_bands: Sequence[float] = ()
    median: Figure | None = None
    rival: str = ""
    rival_median: float = 0.0
    lead: Figure | None = None
    asked: int = 1
    failed: int = 0
    seen: int = 0
    left_out: int = 0
    same: str = ""  # the baseline that orders the networks as the evaluator does


def verdict(case: Case) -> tuple[str, str]:
    """The verdict's word, and its reason in a sentence or two."""
    doubts = [*_doubts(case)]
    told = [*doubts, *([f"it orders the networks as {case.same} does"] if case.same else [])]
    told += [f"{case.left_out:,} networks that it was fitted on are left out"] if case.left_out else []
    asides = "".join(f" {one[0].upper()}{one[1:]}." for one in told)
    if case.median is None:
        return UNTOLD, f"No band of macs holds 20 of the networks.{asides}"
    several = len(case.in_bands) > 1
    ranks = f"At a fixed budget it ranks at a {'median ' * several}Spearman of {case.median}"
    ranks += f" over {len(case.in_bands)} bands" * several
    rival = f"{case.rival}, the best baseline" if case.rival else "random"
    if case.median.low <= 0:
        return NOT, f"{ranks}, which {'is backwards' if case.median.high < 0 else 'may be chance'}.{asides}"
    if case.median.value <= case.rival_median:
        return NOT, f"{ranks}, and {case.rival} alone at {case.rival_median:.2f}.{asides}"
    if case.lead is not None and case.lead.low <= 0:
        return CARE, f"{ranks}, above {rival} ({case.rival_median:.2f}), but not for sure.{asides}"
    if case.median.low < STRONG:
        return CARE, f"{ranks}: above {rival} ({case.rival_median:.2f}), but weak.{asides}"
    return CARE if doubts else USE, f"{ranks}, above {rival} ({case.rival_median:.2f}).{asides}"


def _doubts(case: Case) -> list[str]:
    doubts = []
    if len(case.in_bands) > 1 and any(one < 0 for one in case.in_bands):
        doubts.append(f"it ranks backwards in {sum(one < 0 for one in case.in_bands)} of {len(case.in_bands)} bands")
    if case.failed > MOST_FAILED * case.asked:
        doubts.append(f"{case.failed:,} of {case.asked:,} networks have no score")
    if case.seen:
        others = "too few others have labels" if case.seen < case.asked else "no others have labels"
        doubts.append(
            f"{case.seen:,} of the {case.asked:,} networks were used to fit it and {others}, so the figures flatter"
        )
    return doubts


def median_rival(medians: Mapping[str, float]) -> str:
    """The baseline of the highest in-band median; "" where there is none above random's 0."""
    best = max(medians, key=lambda name: medians[name], default="")
    return best if best and medians[best] > 0 else ""
