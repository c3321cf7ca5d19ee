"""EfficientNet B0–B8 and L2 (Tan & Le 2019, arXiv:1905.11946) and EfficientNetV2 (Tan & Le 2021, arXiv:2104.00298)."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.blocks.row import Norm
from nas.multiplying import multiply
from nas.zoo.entry import Entry

# TensorFlow's batch norm, as timm and (for B5 and larger) torchvision carry it over.
TF_NORM = Norm(eps=1e-3, momentum=0.01)

# EfficientNet-B0: arXiv:1905.11946, Table 1.
B0 = Architecture(
    resolution=224,
    stem=ConvStem(channels=32),
    stages=stages(
        "block   expand kernel stride channels repeats se",
        ("mbconv", 1, 3, 1, 16, 1, 0.25),
        ("mbconv", 6, 3, 2, 24, 2, 0.25),
        ("mbconv", 6, 5, 2, 40, 2, 0.25),
        ("mbconv", 6, 3, 2, 80, 3, 0.25),
        ("mbconv", 6, 5, 1, 112, 3, 0.25),
        ("mbconv", 6, 5, 2, 192, 4, 0.25),
        ("mbconv", 6, 3, 1, 320, 1, 0.25),
    ),
    head=PoolHead(channels=1280, dropout=0.2),
    activation="silu",
    drop_path=0.2,
    rounding="efficientnet",
    naming="torchvision_efficientnet",
    init="efficientnet",
)


class Released(NamedTuple):
    """One released member of a scaled family: the multipliers of its base, its image size and its dropout."""

    width: float
    depth: float
    resolution: int
    dropout: float


# tensorflow/tpu efficientnet_builder.py, params_dict: hand-set, not α^φ, β^φ, γ^φ of a published φ.
RELEASED = {
    #             width depth  res  dropout
    "b0": Released(1.0, 1.0, 224, 0.2),
    "b1": Released(1.0, 1.1, 240, 0.2),
    "b2": Released(1.1, 1.2, 260, 0.3),
    "b3": Released(1.2, 1.4, 300, 0.3),
    "b4": Released(1.4, 1.8, 380, 0.4),
    "b5": Released(1.6, 2.2, 456, 0.4),
    "b6": Released(1.8, 2.6, 528, 0.5),
    "b7": Released(2.0, 3.1, 600, 0.5),
    "b8": Released(2.2, 3.6, 672, 0.5),
    "l2": Released(4.3, 5.3, 800, 0.5),
}

_V2_HEADER = "block         expand kernel stride channels repeats se"

# EfficientNetV2-S, M, L, XL: google/automl effnetv2_configs.py (S is arXiv:2104.00298, Table 4).
V2_TABLES = {
    "s": stages(
        _V2_HEADER,
        ("fused_mbconv", 1, 3, 1, 24, 2, 0),
        ("fused_mbconv", 4, 3, 2, 48, 4, 0),
        ("fused_mbconv", 4, 3, 2, 64, 4, 0),
        ("mbconv", 4, 3, 2, 128, 6, 0.25),
        ("mbconv", 6, 3, 1, 160, 9, 0.25),
        ("mbconv", 6, 3, 2, 256, 15, 0.25),
    ),
    "m": stages(
        _V2_HEADER,
        ("fused_mbconv", 1, 3, 1, 24, 3, 0),
        ("fused_mbconv", 4, 3, 2, 48, 5, 0),
        ("fused_mbconv", 4, 3, 2, 80, 5, 0),
        ("mbconv", 4, 3, 2, 160, 7, 0.25),
        ("mbconv", 6, 3, 1, 176, 14, 0.25),
        ("mbconv", 6, 3, 2, 304, 18, 0.25),
        ("mbconv", 6, 3, 1, 512, 5, 0.25),
    ),
    "l": stages(
        _V2_HEADER,
        ("fused_mbconv", 1, 3, 1, 32, 4, 0),
        ("fused_mbconv", 4, 3, 2, 64, 7, 0),
        ("fused_mbconv", 4, 3, 2, 96, 7, 0),
        ("mbconv", 4, 3, 2, 192, 10, 0.25),
        ("mbconv", 6, 3, 1, 224, 19, 0.25),
        ("mbconv", 6, 3, 2, 384, 25, 0.25),
        ("mbconv", 6, 3, 1, 640, 7, 0.25),
    ),
    "xl": stages(
        _V2_HEADER,
        ("fused_mbconv", 1, 3, 1, 32, 4, 0),
        ("fused_mbconv", 4, 3, 2, 64, 8, 0),
        ("fused_mbconv", 4, 3, 2, 96, 8, 0),
        ("mbconv", 4, 3, 2, 192, 16, 0.25),
        ("mbconv", 6, 3, 1, 256, 24, 0.25),
        ("mbconv", 6, 3, 2, 512, 32, 0.25),
        ("mbconv", 6, 3, 1, 640, 8, 0.25),
    ),
}

# The base from which V2-B0 to B3 are scaled: google/automl effnetv2_configs.py, v2_base_block.
V2_B0 = Architecture(
    resolution=224,
    stem=ConvStem(channels=32),
    stages=stages(
        _V2_HEADER,
        ("fused_mbconv", 1, 3, 1, 16, 1, 0),
        ("fused_mbconv", 4, 3, 2, 32, 2, 0),
        ("fused_mbconv", 4, 3, 2, 48, 2, 0),
        ("mbconv", 4, 3, 2, 96, 3, 0.25),
        ("mbconv", 6, 3, 1, 112, 5, 0.25),
        ("mbconv", 6, 3, 2, 192, 8, 0.25),
    ),
    head=PoolHead(channels=1280, dropout=0.2),
    activation="silu",
    norm=TF_NORM,
    padding="same",
    drop_path=0.2,
    rounding="efficientnetv2",
    naming="timm_efficientnet",
    init="timm_efficientnet",
)

# google/automl effnetv2_configs.py: multipliers of the base, evaluation size, dropout.
V2_RELEASED = {
    #             width depth  res  dropout
    "b0": Released(1.0, 1.0, 224, 0.2),
    "b1": Released(1.0, 1.1, 240, 0.2),
    "b2": Released(1.1, 1.2, 260, 0.3),
    "b3": Released(1.2, 1.4, 300, 0.3),
}

#            evaluation size, dropout
V2_SIZES = {"s": (384, 0.2), "m": (480, 0.3), "l": (480, 0.4), "xl": (512, 0.4)}


def scaled(base: Architecture, member: Released) -> Architecture:
    """The base multiplied as a released member says, at the member's image size."""
    wider = multiply(base, width=member.width, depth=member.depth)
    head = wider.head.model_copy(update={"dropout": member.dropout})
    return wider.model_copy(update={"head": head, "resolution": member.resolution})


def v1(size: str) -> Architecture:
    """B0 … B7 as torchvision has them; B8 and L2, which only timm has, as timm has them (`tf_efficientnet_*`)."""
    habits: dict[str, object] = {}
    if size in ("b5", "b6", "b7", "b8", "l2"):
        habits |= {"norm": TF_NORM}
    if size in ("b8", "l2"):
        habits |= {"padding": "same", "naming": "timm_efficientnet", "init": "timm_efficientnet"}
    return scaled(B0, RELEASED[size]).model_copy(update=habits)


def v2(size: str) -> Architecture:
    """V2-S, M, L as torchvision has them; XL as timm has it (`tf_efficientnetv2_xl`)."""
    resolution, dropout = V2_SIZES[size]
    table = V2_TABLES[size]
    habits: dict[str, object] = {
        "resolution": resolution,
        "stem": ConvStem(channels=table[0].channels),
        "stages": table,
        "head": PoolHead(channels=1280, dropout=dropout),
    }
    if size != "xl":
        habits |= {"norm": Norm(eps=1e-3), "padding": "symmetric"}
        habits |= {"naming": "torchvision_efficientnet", "init": "efficientnet"}
    return V2_B0.model_copy(update=habits)


def v2_base(size: str) -> Architecture:
    """V2-B0 … B3 as timm has them (`tf_efficientnetv2_b*`)."""
    return scaled(V2_B0, V2_RELEASED[size])


# With TensorFlow's padding, at timm's names.
TIMM = {"b8": "timm:tf_efficientnet_b8", "l2": "timm:tf_efficientnet_l2", "xl": "timm:tf_efficientnetv2_xl"}

V2_NAMES = {size: f"efficientnet{'v2' if size == 'xl' else '_v2'}_{size}" for size in V2_TABLES}

ENTRIES: dict[str, Entry] = {
    **{
        f"efficientnet_{size}": Entry("efficientnet", partial(v1, size), TIMM.get(size, "torchvision"))
        for size in RELEASED
    },
    **{
        f"efficientnetv2_{size}": Entry("efficientnetv2", partial(v2_base, size), f"timm:tf_efficientnetv2_{size}")
        for size in V2_RELEASED
    },
    **{
        name: Entry("efficientnetv2", partial(v2, size), TIMM.get(size, "torchvision"))
        for size, name in V2_NAMES.items()
    },
}

ALIASES: dict[str, str] = {
    **{size: f"efficientnet_{size}" for size in RELEASED},
    **{f"v2-{size}": f"efficientnetv2_{size}" for size in V2_RELEASED},
    **{f"v2-{size}": name for size, name in V2_NAMES.items()},
}
