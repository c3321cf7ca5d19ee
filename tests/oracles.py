"""Importing torchvision beside a CPU build of torch, for tests and benchmarks; never needed at run time."""

from __future__ import annotations

from importlib.util import find_spec
from types import ModuleType

from torch import library

_KEPT: list[library.Library] = []  # the declarations below live as long as their library object


def torchvision_here() -> bool:
    return find_spec("torchvision") is not None


def import_torchvision() -> ModuleType:
    """torchvision; its wheel is built for CUDA, so on a CPU build of torch its operators are declared first."""
    if not _KEPT:
        operators = library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            operators.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(operators)
    import torchvision

    return torchvision
