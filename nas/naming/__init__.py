"""Naming tables: from a role in the network to the name that the family's oracle gives that module.

A published state dict then loads without renaming, and so it does for sampled and scaled networks. One file a
family, one line a table here.
"""

from __future__ import annotations

from nas.errors import ArchitectureError, unknown
from nas.naming import efficientnet, mobilenetv2, regnet, resnet
from nas.naming.table import Naming, Place

NAMINGS: dict[str, Naming] = {
    "plain": Naming("stage{stage}.{block}", {}),
    "torchvision_efficientnet": efficientnet.TORCHVISION,
    "timm_efficientnet": efficientnet.TIMM,
    "torchvision_mobilenetv2": mobilenetv2.TORCHVISION,
    "torchvision_resnet": resnet.TORCHVISION,
    "torchvision_regnet": regnet.TORCHVISION,
    "timm_regnet": regnet.TIMM,
}


def naming_table(name: str) -> Naming:
    """The table of that name; raises ArchitectureError for an unknown one."""
    if name not in NAMINGS:
        raise ArchitectureError(unknown("naming table", name, NAMINGS))
    return NAMINGS[name]


__all__ = ["NAMINGS", "Naming", "Place", "naming_table"]
