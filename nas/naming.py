"""Naming tables: from a role in the network to the name that the family's oracle gives that module.

A published state dict then loads without renaming, and so it does for sampled and scaled networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nas.errors import ArchitectureError, unknown


@dataclass(slots=True)
class Place:
    """Where the nodes being named stand: `variant` is "stem", "head" or a block's; `stage` counts from 1."""

    variant: str
    stage: int
    block: int
    repeats: tuple[int, ...]
    groups: dict[str, int] = field(default_factory=dict)  # the block's groups in order of appearance

    @property
    def flat(self) -> int:
        """Blocks before this one in the whole network."""
        return sum(self.repeats[: self.stage - 1]) + self.block if self.stage else 0


@dataclass(frozen=True, slots=True)
class Naming:
    """`prefix` locates a block; `parts` gives, for each variant, the role's name below it.

    Names are templates over: stage (from 1), stage0, block (from 0), block1, flat (blocks from 1 through the network),
    last (stages + 1), end (blocks + 1), n (ordinal of the role's group in its block) and m = n + 1.
    A role that a table leaves out keeps its own name.
    """

    prefix: str
    parts: Mapping[str, Mapping[str, str]]

    def name(self, place: Place, role: str) -> str:
        """The node name of `role` at `place`."""
        inside = place.variant not in ("stem", "head")
        n = place.groups.setdefault(role.partition(".")[0], len(place.groups))
        table = self.parts.get(place.variant, {})
        template = table.get(role, role if inside else f"{place.variant}.{role}")
        return (f"{self.prefix}.{template}" if inside else template).format(
            stage=place.stage,
            stage0=place.stage - 1,
            block=place.block,
            block1=place.block + 1,
            flat=place.flat + 1,
            last=len(place.repeats) + 1,
            end=sum(place.repeats) + 1,
            n=n,
            m=n + 1,
        )


PLAIN = Naming("stage{stage}.{block}", {})

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
TORCHVISION_EFFICIENTNET = Naming(
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
TIMM_EFFICIENTNET = Naming(
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

# torchvision.models.mobilenetv2: blocks count through the network; the projection is two bare modules.
TORCHVISION_MOBILENETV2 = Naming(
    "features.{flat}",
    {
        "stem": {"conv": "features.0.0", "norm": "features.0.1", "act": "features.0.2"},
        "inverted_residual": {
            "expand.conv": "conv.{n}.0",
            "expand.norm": "conv.{n}.1",
            "expand.act": "conv.{n}.2",
            "depthwise.conv": "conv.{n}.0",
            "depthwise.norm": "conv.{n}.1",
            "depthwise.act": "conv.{n}.2",
            "project.conv": "conv.{n}",
            "project.norm": "conv.{m}",
        },
        "head": {
            "conv": "features.{end}.0",
            "norm": "features.{end}.1",
            "act": "features.{end}.2",
            "pool": "pool",
            "dropout": "classifier.0",
            "fc": "classifier.1",
        },
    },
)

# torchvision.models.resnet: BasicBlock and Bottleneck.
_NUMBERED_CONVS = {
    **{f"{n}.conv": f"conv{n}" for n in (1, 2, 3)},
    **{f"{n}.norm": f"bn{n}" for n in (1, 2, 3)},
    **{f"{n}.act": f"relu{n}" for n in (1, 2, 3)},
    "shortcut.conv": "downsample.0",
    "shortcut.norm": "downsample.1",
}
TORCHVISION_RESNET = Naming(
    "layer{stage}.{block}",
    {
        "stem": {"conv": "conv1", "norm": "bn1", "act": "relu", "pool": "maxpool"},
        "basic": _NUMBERED_CONVS,
        "bottleneck": _NUMBERED_CONVS,
        "head": {"pool": "avgpool", "dropout": "dropout", "fc": "fc"},
    },
)

# torchvision.models.regnet: ResBottleneckBlock is a projection and a BottleneckTransform "f" of a, b, se and c.
TORCHVISION_REGNET = Naming(
    "trunk_output.block{stage}.block{stage}-{block}",
    {
        "stem": {"conv": "stem.0", "norm": "stem.1", "act": "stem.2"},
        "regnet": {
            "shortcut.conv": "proj.0",
            "shortcut.norm": "proj.1",
            **{f"{n}.conv": f"f.{letter}.0" for n, letter in enumerate("abc", start=1)},
            **{f"{n}.norm": f"f.{letter}.1" for n, letter in enumerate("abc", start=1)},
            **{f"{n}.act": f"f.{letter}.2" for n, letter in enumerate("ab", start=1)},
            "3.act": "activation",
            "se.pool": "f.se.avgpool",
            "se.reduce": "f.se.fc1",
            "se.act": "f.se.activation",
            "se.expand": "f.se.fc2",
            "se.gate": "f.se.scale_activation",
            "se.scale": "f.se.scale",
        },
        "head": {"pool": "avgpool", "dropout": "dropout", "fc": "fc"},
    },
)

# timm.models.regnet: Bottleneck, whose convolutions are ConvNormAct; SEModule.
TIMM_REGNET = Naming(
    "s{stage}.b{block1}",
    {
        "stem": {"conv": "stem.conv", "norm": "stem.bn", "act": "stem.act"},
        "regnet": {
            **{f"{n}.conv": f"conv{n}.conv" for n in (1, 2, 3)},
            **{f"{n}.norm": f"conv{n}.bn" for n in (1, 2, 3)},
            **{f"{n}.act": f"conv{n}.act" for n in (1, 2)},
            "3.act": "act3",
            "se.reduce": "se.fc1",
            "se.expand": "se.fc2",
            "shortcut.conv": "downsample.conv",
            "shortcut.norm": "downsample.bn",
        },
        "head": {"pool": "head.global_pool", "dropout": "head.drop", "fc": "head.fc"},
    },
)

NAMINGS: dict[str, Naming] = {
    "plain": PLAIN,
    "torchvision_efficientnet": TORCHVISION_EFFICIENTNET,
    "timm_efficientnet": TIMM_EFFICIENTNET,
    "torchvision_mobilenetv2": TORCHVISION_MOBILENETV2,
    "torchvision_resnet": TORCHVISION_RESNET,
    "torchvision_regnet": TORCHVISION_REGNET,
    "timm_regnet": TIMM_REGNET,
}


def naming_table(name: str) -> Naming:
    """The table of that name; raises ArchitectureError for an unknown one."""
    if name not in NAMINGS:
        raise ArchitectureError(unknown("naming table", name, NAMINGS))
    return NAMINGS[name]
