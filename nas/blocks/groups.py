"""Grouped convolutions inside a block: widths that are whole numbers of groups."""

from __future__ import annotations

from dataclasses import replace
from math import lcm
from typing import Literal, TypeVar

from nas.blocks.row import Stage
from nas.errors import ArchitectureError
from nas.graph import Width
from nas.rounding import Rounding

Grouped = TypeVar("Grouped", bound=Stage)


def grouping(mark: Width, read: int, made: int, group_width: int) -> tuple[Width, int]:
    """The width's mark and the number of groups of a convolution of `read` to `made` channels, `group_width` a group.

    0 is one group, however wide.
    """
    groups = made // group_width if group_width else 1
    return (replace(mark, group=read // groups) if group_width else mark), groups


def check_groups(channels: int, group_width: int, ratio: float, column: str) -> None:
    """ArchitectureError unless the inner width, `ratio` (of that `column`) × `channels`, is a number of groups."""
    if ratio > 1 and ratio % 1:
        raise ArchitectureError(f"{column} {ratio:g}: above 1 it must be a whole number")
    inner = Width("derived", ratio=ratio).channels(channels)
    if inner % group_width:
        fitting, width = compatible(channels, group_width, ratio)
        raise ArchitectureError(
            f"the inner width {inner} is no multiple of group_width {group_width}; "
            f"what fits: channels {fitting}, group_width {width}"
        )


def scaled_group_width(group_width: int, factor: float) -> int:
    """A group width × `factor`: 1, 2, 4 or a multiple of 8 (pycls/models/scaler.py scale_model)."""
    if factor == 1:
        return group_width
    wanted = max(1, round(group_width * factor))
    return wanted if wanted <= 2 else 4 if wanted <= 5 else round(wanted / 8) * 8


def refitted(row: Grouped, group_width: int, ratio: float, factor: float) -> Grouped:
    """A row whose inner width is `ratio` × its channels, made to fit groups of `group_width` × `factor`."""
    channels, fitting = compatible(row.channels, scaled_group_width(group_width, factor), ratio)
    return row.model_copy(update={"channels": channels, "group_width": fitting})


def compatible(
    channels: int, group_width: int, ratio: float, rule: Literal["pycls", "torchvision"] = "pycls"
) -> tuple[int, int]:
    """The channels and the group width nearest to those given that fit one another.

    A group is at most the inner width, `ratio` × `channels`, and the inner width goes to the nearest multiple of the
    group: halves to the even one (pycls/models/blocks.py adjust_block_compatibility), or up, and one step up again
    when more than a tenth would be lost (torchvision regnet.py _adjust_widths_groups_compatibilty).
    """
    inner = max(1, int(channels * ratio))
    group_width = min(group_width, inner)
    step = lcm(group_width, int(ratio)) if ratio > 1 else group_width
    if rule == "torchvision":
        fitting = Rounding(divisor=step, least=step).channels(inner)
    else:
        fitting = max(step, round(inner / step) * step)
    return round(fitting / ratio), group_width
