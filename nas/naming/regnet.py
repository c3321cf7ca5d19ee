"""Names of the modules of RegNets."""

from __future__ import annotations

from nas.naming.table import Naming

# torchvision.models.regnet: ResBottleneckBlock is a projection and a BottleneckTransform "f" of a, b, se and c.
TORCHVISION = Naming(
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
TIMM = Naming(
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
