"""Names of the modules of ResNets."""

from __future__ import annotations

from nas.naming.table import Naming

# torchvision.models.resnet: BasicBlock and Bottleneck.
_NUMBERED = {
    **{f"{n}.conv": f"conv{n}" for n in (1, 2, 3)},
    **{f"{n}.norm": f"bn{n}" for n in (1, 2, 3)},
    **{f"{n}.act": f"relu{n}" for n in (1, 2, 3)},
}
_NUMBERED_CONVS = {**_NUMBERED, "shortcut.conv": "downsample.0", "shortcut.norm": "downsample.1"}
TORCHVISION = Naming(
    "layer{stage}.{block}",
    {
        "stem": {"conv": "conv1", "norm": "bn1", "act": "relu", "pool": "maxpool"},
        "basic": _NUMBERED_CONVS,
        "bottleneck": _NUMBERED_CONVS,
        "head": {"pool": "avgpool", "dropout": "dropout", "fc": "fc"},
    },
)

# timm.models.resnet: the same with squeeze-excite (timm.layers.SEModule); a deep stem is a list inside conv1.
_TIMM_BLOCK = {
    **_NUMBERED_CONVS,
    **{f"{n}.act": f"act{n}" for n in (1, 2, 3)},
    "se.reduce": "se.fc1",
    "se.expand": "se.fc2",
    "pooled_shortcut.pool": "downsample.0",
    "pooled_shortcut.conv": "downsample.1",
    "pooled_shortcut.norm": "downsample.2",
}


def _selective(at: int) -> dict[str, str]:
    """timm.models.sknet: the `at`-th convolution is timm.layers.SelectiveKernel."""
    parts = {"conv": "conv", "norm": "bn", "act": "act"}
    return {
        **_TIMM_BLOCK,
        **{f"{n}.{part}": f"conv{n}.{parts[part]}" for n in (1, 2, 3) for part in ("conv", "norm")},
        **{f"path{n}.{part}": f"conv{at}.paths.{n}.{name}" for n in (0, 1) for part, name in parts.items()},
        "attention.reduce": f"conv{at}.attn.fc_reduce",
        "attention.norm": f"conv{at}.attn.bn",
        "attention.act": f"conv{at}.attn.act",
        "attention.expand": f"conv{at}.attn.fc_select",
    }


# timm.models.resnest: its second convolution is timm.layers.SplitAttn.
_RESNEST = {
    **_TIMM_BLOCK,
    "2.conv": "conv2.conv",
    "2.norm": "conv2.bn0",
    "2.act": "conv2.act0",
    "attention.reduce": "conv2.fc1",
    "attention.norm": "conv2.bn1",
    "attention.act": "conv2.act1",
    "attention.expand": "conv2.fc2",
    "attention.softmax": "conv2.rsoftmax",
}
# timm.models.res2net.
_RES2NET = {
    **_TIMM_BLOCK,
    **{f"part{n}.conv": f"convs.{n}" for n in range(15)},
    **{f"part{n}.norm": f"bns.{n}" for n in range(15)},
}
_DEEP_STEM = {"1.conv": "conv1.0", "1.norm": "conv1.1", "1.act": "conv1.2"}
_DEEP_STEM |= {"2.conv": "conv1.3", "2.norm": "conv1.4", "2.act": "conv1.5"}
_DEEP_STEM |= {"3.conv": "conv1.6", "3.norm": "bn1", "3.act": "act1"}
TIMM = Naming(
    "layer{stage}.{block}",
    {
        "stem": {
            "conv": "conv1",
            "norm": "bn1",
            "act": "act1",
            "pool": "maxpool",
            **_DEEP_STEM,
        },
        "basic": _TIMM_BLOCK,
        "bottleneck": _TIMM_BLOCK,
        "selective_basic": _selective(1),
        "selective_bottleneck": _selective(2),
        "resnest": _RESNEST,
        "res2net": _RES2NET,
        "head": {"pool": "global_pool", "dropout": "dropout", "fc": "fc"},
    },
)

# timm.models.senet, after Cadene's: the stem is "layer0", in which convolutions are numbered too.
_SENET_BLOCK = {
    **_NUMBERED_CONVS,
    "se.before": "relu_se",
    "se.reduce": "se_module.fc1",
    "se.act": "se_module.relu",
    "se.expand": "se_module.fc2",
    "se.gate": "se_module.sigmoid",
}
SENET = Naming(
    "layer{stage}.{block}",
    {
        "stem": {
            "conv": "layer0.conv1",
            "norm": "layer0.bn1",
            "act": "layer0.relu1",
            "pool": "pool0",
            **{role: f"layer0.{name}" for role, name in _NUMBERED.items()},
        },
        "basic": _SENET_BLOCK,
        "bottleneck": _SENET_BLOCK,
        "head": {"pool": "global_pool", "dropout": "dropout", "fc": "last_linear"},
    },
)
