"""The names of the rules by which families initialise their weights; `nas.initialising` holds the rules (torch)."""

from __future__ import annotations

from nas.errors import GraphError, unknown

STARTS = (
    "convnext",
    "default",
    "densenet",
    "efficientnet",
    "googlenet",
    "inception_v3",
    "mnasnet",
    "mobilenetv2",
    "nfnet",
    "regnet",
    "resnet",
    "resnetv2",
    "senet",
    "squeezenet",
    "timm_efficientnet",
    "timm_regnet",
    "timm_resnet",
    "torch",
    "van",
    "zfnet",
)


def known_start(name: object) -> str:
    """`name` when it names a rule of initialisation; GraphError otherwise."""
    if not isinstance(name, str) or name not in STARTS:
        raise GraphError(unknown("weight initialisation", name, STARTS))
    return name
