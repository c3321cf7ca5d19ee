"""Naming tables: from a role in the network to the name that the family's oracle gives that module.

A published state dict then loads without renaming, and so it does for sampled and scaled networks. One file a
family, one line a table here.
"""

from __future__ import annotations

from nas.errors import ArchitectureError, unknown
from nas.naming import (
    convnext,
    densenet,
    efficientnet,
    ghostnet,
    mnasnet,
    mobilenetv1,
    mobilenetv2,
    mobilenetv3,
    mobilenetv4,
    nfnet,
    regnet,
    resnet,
    resnetv2,
    shufflenetv2,
    van,
    vgg,
)
from nas.naming.table import Naming, Place, Verbatim

NAMINGS: dict[str, Naming] = {
    "plain": Naming("stage{stage}.{block}", {}),
    "torchvision_efficientnet": efficientnet.TORCHVISION,
    "timm_efficientnet": efficientnet.TIMM,
    "torchvision_vgg": vgg.TORCHVISION,
    "torchvision_vgg_bn": vgg.TORCHVISION_BN,
    "timm_mobilenetv1": mobilenetv1.TIMM,
    "torchvision_mobilenetv2": mobilenetv2.TORCHVISION,
    "torchvision_mobilenetv3": mobilenetv3.TORCHVISION,
    "timm_mobilenetv3": mobilenetv3.TIMM,
    "timm_mobilenetv4": mobilenetv4.TIMM,
    "timm_ghostnet": ghostnet.TIMM,
    "torchvision_shufflenetv2": shufflenetv2.TORCHVISION,
    "torchvision_mnasnet": mnasnet.TORCHVISION,
    "torchvision_resnet": resnet.TORCHVISION,
    "timm_resnet": resnet.TIMM,
    "timm_senet": resnet.SENET,
    "timm_resnetv2": resnetv2.TIMM,
    "timm_nfnet": nfnet.TIMM,
    "torchvision_regnet": regnet.TORCHVISION,
    "timm_regnet": regnet.TIMM,
    "torchvision_convnext": convnext.TORCHVISION,
    "timm_convnext": convnext.TIMM,
    "timm_inception_next": convnext.TIMM_MLP_HEAD,
    "original_van": van.ORIGINAL,
    "torchvision_densenet": densenet.TORCHVISION,
}


def naming_table(name: str) -> Naming:
    """The table of that name; raises ArchitectureError for an unknown one."""
    if name not in NAMINGS:
        raise ArchitectureError(unknown("naming table", name, NAMINGS))
    return NAMINGS[name]


__all__ = ["NAMINGS", "Naming", "Place", "Verbatim", "naming_table"]
