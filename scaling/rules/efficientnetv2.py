"""EfficientNetV2's non-uniform scaling (Tan & Le 2021, arXiv:2104.00298 §3.4), made explicit.

What is published is prose: "similar compound scaling as V1, with (1) max inference image size 480, (2) as a heuristic
gradually add more layers to later stages". The numbers below are read off the released tables of google/automl
effnetv2_configs.py; how near they come is printed row by row in results/scaling.md.
"""

from __future__ import annotations

import re

from nas.architecture import Architecture
from nas.blocks import MBConv
from nas.errors import ScaleError
from nas.rounding import Rounding
from scaling.rules.efficientnet import ALPHA, BETA, GAMMA, check_growth
from scaling.rules.rule import Factors, Rule

LARGEST = 480  # px at inference
LATE_LAYERS = 3  # more blocks in the first MBConv-6 stage (14×14 maps), in M and L
LAST_STAGE = "320x2"  # V1's last stage, which the base drops and M and L have: channels and repeats before scaling
LATE_FROM = 2.0  # depth multiplier from which both apply: S has 1.8, M 2.2


def efficientnetv2(
    alpha: float = ALPHA,
    beta: float = BETA,
    gamma: float = GAMMA,
    depth: float | None = None,
    width: float | None = None,
    late_layers: int = LATE_LAYERS,
    last_stage: str = LAST_STAGE,
    late_from: float = LATE_FROM,
    largest: int = LARGEST,
) -> Rule:
    """Depth α^φ (or `depth`), width β^φ (or `width`), resolution γ^φ up to `largest`.

    The stem is as wide as the first stage and the head stays, as in S, M and L. From a depth multiplier of `late_from`
    on, the first MBConv stage of expand 6 on maps of 1/16 gets `late_layers` more blocks, and where the table ends in
    a strided stage a last one ("channels x repeats", or "none") follows, scaled like the others.
    """
    check_growth("efficientnetv2", alpha=alpha, beta=beta, gamma=gamma)
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,2})", last_stage)
    if found is None and last_stage != "none":
        raise ScaleError(f"rule efficientnetv2: last_stage={last_stage}: write 320x2 (channels, repeats), or none")
    channels, repeats = (int(found[1]), int(found[2])) if found else (0, 0)

    def factors(phi: float) -> Factors:
        deeper, wider = alpha**phi if depth is None else depth, beta**phi if width is None else width
        return Factors(deeper, wider, gamma**phi)

    def finish(base: Architecture, table: Architecture, used: Factors, rule: Rounding) -> Architecture:
        rows = list(table.stages)
        if used.depth >= late_from:
            late = _late_stage(table)
            rows[late] = rows[late].model_copy(update={"repeats": rows[late].repeats + late_layers})
            if repeats and rows[-1].stride > 1:
                size = {"channels": rule.channels(channels * used.width), "repeats": rule.repeats(repeats * used.depth)}
                rows.append(rows[-1].model_copy(update={"stride": 1, **size}))
        changed: dict[str, object] = {"stages": tuple(rows)}
        if used.width != 1:
            changed |= {"stem": table.stem.model_copy(update={"channels": rows[0].channels}), "head": base.head}
        return Architecture.read(table.model_copy(update=changed).model_dump())

    return Rule("efficientnetv2", "Tan & Le 2021, arXiv:2104.00298 §3.4", factors, finish, largest=largest)


def _late_stage(table: Architecture) -> int:
    """The first MBConv stage of expand 6 that works at a sixteenth of the image (14×14 at 224 px)."""
    reduction = round(table.resolution / table.stem.reduced(table.resolution))
    for number, row in enumerate(table.stages):
        reduction *= row.stride
        if reduction == 16 and isinstance(row, MBConv) and row.expand == 6:
            return number
    raise ScaleError("rule efficientnetv2: no MBConv stage of expand 6 at 1/16 of the image to add late layers to")
