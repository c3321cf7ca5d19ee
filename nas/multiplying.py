"""Multiplying an architecture's width, depth and resolution: the mechanism of all compound scaling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from nas.architecture import Architecture, one_line
from nas.blocks import Stage
from nas.blocks.row import Head, Stem
from nas.cells import CellNetwork
from nas.errors import ScaleError
from nas.rounding import Rounding, rounding_rule

Scaled = TypeVar("Scaled", Stem, Stage, Head)


def multiply(
    architecture: Architecture,
    *,
    width: float = 1.0,
    depth: float = 1.0,
    resolution: float = 1.0,
    group_width: float = 1.0,
    rounding: str | Rounding | None = None,
) -> Architecture:
    """The architecture with every free width × `width`, every repeat × `depth`, the image size × `resolution`.

    Group widths go × `group_width`, and a scaled row is made to fit its groups (`Stage.fitted`). Other whole numbers
    come from the `rounding` rule, by name or value (default: the architecture's own). An axis whose multiplier is 1
    stays as it is. Raises ScaleError when a stage vanishes or a size exceeds its bound.
    """
    _check({"width": width, "depth": depth, "resolution": resolution, "group width": group_width})
    rule = rounding if isinstance(rounding, Rounding) else rounding_rule(rounding or architecture.rounding)
    stem, head = _wider(architecture.stem, rule, width), architecture.head
    if width > 1 or rule.head_shrinks:
        head = _wider(head, rule, width)
    size = architecture.resolution
    changed = {
        "stem": stem,
        "head": head,
        "stages": tuple(
            _stage(row, n, rule, width, depth, group_width) for n, row in enumerate(architecture.stages, start=1)
        ),
        "resolution": size if resolution == 1 else rule.resolution(size * resolution),
    }
    try:
        return Architecture.model_validate(architecture.model_copy(update=changed).model_dump())
    except ValidationError as error:
        raise ScaleError(f"scaled too far: {one_line(error, 'architecture')}") from None


def multiply_cells(
    network: CellNetwork, *, width: float = 1.0, depth: float = 1.0, resolution: float = 1.0, rounding: str | Rounding
) -> CellNetwork:
    """The network of cells with its filters and stem × `width`, the repeats of its normal cells × `depth`.

    That is how Zoph et al. 2018 (arXiv:1707.07012, §3) scale what they found: N and F of "N @ F". Raises ScaleError.
    """
    _check({"width": width, "depth": depth, "resolution": resolution})
    rule = rounding if isinstance(rounding, Rounding) else rounding_rule(rounding)
    repeats = network.repeats if depth == 1 else tuple(rule.repeats(n * depth) for n in network.repeats)
    if 0 in repeats:
        raise ScaleError(
            f"depth × {depth:g} leaves no cell in a stage ({', '.join(map(str, network.repeats))} repeats)"
        )
    changed = {
        "filters": network.filters if width == 1 else rule.channels(network.filters * width),
        "stem": network.stem if width == 1 else rule.channels(network.stem * width),
        "repeats": repeats,
        "resolution": network.resolution if resolution == 1 else rule.resolution(network.resolution * resolution),
    }
    try:
        return CellNetwork.model_validate(network.model_copy(update=changed).model_dump())
    except ValidationError as error:
        raise ScaleError(f"scaled too far: {one_line(error, 'architecture')}") from None


def _check(factors: Mapping[str, float]) -> None:
    for axis, factor in factors.items():
        if not (math.isfinite(factor) and 0 < factor <= 1e4):
            raise ScaleError(f"{axis} multiplier {factor:g} is out of bounds; it must lie in (0, 10,000]")


def _wider(row: Scaled, rule: Rounding, width: float) -> Scaled:
    """The row with its widths × `width`; what is 0 (not there) stays so."""
    found = {column: getattr(row, column) for column in row.widths} if width != 1 else {}
    return row.model_copy(update={column: rule.channels(n * width) for column, n in found.items() if n})


def _stage(row: Stage, number: int, rule: Rounding, width: float, depth: float, group_width: float) -> Stage:
    repeats = row.repeats if depth == 1 else rule.repeats(row.repeats * depth)
    if repeats < 1:
        raise ScaleError(f"depth × {depth:g} leaves no block in stage {number} ({row.repeats} repeats)")
    scaled = _wider(row, rule, width).model_copy(update={"repeats": repeats})
    return scaled if width == group_width == 1 else scaled.fitted(group_width)
