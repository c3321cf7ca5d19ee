"""Names of the modules of EfficientNets."""

from __future__ import annotations

from nas.naming.table import Naming

# torchvision.models.efficientnet: MBConv and FusedMBConv are one Sequential "block" of numbered parts.
_NUMBERED = {
    **{f"{group}.conv": "block.{n}.0" for group in ("expand", "depthwise", "project", "fused")},
    **{f"{group}.norm": "block.{n}.1" for group in ("expand", "depthwise", "project", "fused")},
    **{f"{group}.act": "block.{n}.2" for group in ("expand", "depthwise", "fused")},
    "se.pool": "block.{n}.avgpool",
    "se.reduce": "block.{n}.fc1",
    "se.act": "block.{n}.activation",
    "se.expand": "block.{n}.fc2",
    "se.gate": "block.{n}.scale_activation",
    "se.scale": "block.{n}.scale",
    "drop_path": "stochastic_depth",
}
TORCHVISION = Naming(
    "features.{stage}.{block}",
    {
        "stem": {"conv": "features.0.0", "norm": "features.0.1", "act": "features.0.2"},
        "mbconv": _NUMBERED,
        "mbconv_e1": _NUMBERED,
        "fused_mbconv": _NUMBERED,
        "fused_mbconv_e1": _NUMBERED,
        "head": {
            "conv": "features.{last}.0",
            "norm": "features.{last}.1",
            "act": "features.{last}.2",
            "pool": "avgpool",
            "dropout": "classifier.0",
            "fc": "classifier.1",
        },
    },
)

# timm.models.efficientnet: InvertedResidual, DepthwiseSeparableConv, EdgeResidual, ConvBnAct.
_TIMM_SE = {
    "se.pool": "se.pool",
    "se.reduce": "se.conv_reduce",
    "se.act": "se.act1",
    "se.expand": "se.conv_expand",
    "se.gate": "se.gate",
    "se.scale": "se.scale",
}
TIMM = Naming(
    "blocks.{stage0}.{block}",
    {
        "stem": {"conv": "conv_stem", "norm": "bn1", "act": "act1"},
        "mbconv": {
            "expand.conv": "conv_pw",
            "expand.norm": "bn1",
            "expand.act": "act1",
            "depthwise.conv": "conv_dw",
            "depthwise.norm": "bn2",
            "depthwise.act": "act2",
            **_TIMM_SE,
            "project.conv": "conv_pwl",
            "project.norm": "bn3",
        },
        "mbconv_e1": {
            "depthwise.conv": "conv_dw",
            "depthwise.norm": "bn1",
            "depthwise.act": "act1",
            **_TIMM_SE,
            "project.conv": "conv_pw",
            "project.norm": "bn2",
        },
        "fused_mbconv": {
            "fused.conv": "conv_exp",
            "fused.norm": "bn1",
            "fused.act": "act1",
            **_TIMM_SE,
            "project.conv": "conv_pwl",
            "project.norm": "bn2",
        },
        "fused_mbconv_e1": {**_TIMM_SE, "fused.conv": "conv", "fused.norm": "bn1", "fused.act": "act1"},
        "head": {
            "conv": "conv_head",
            "norm": "bn2",
            "act": "act2",
            "pool": "global_pool",
            "dropout": "drop",
            "fc": "classifier",
        },
    },
)
