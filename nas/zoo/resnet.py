"""ResNet (He et al. 2015, arXiv:1512.03385), with the stride on the 3×3 as torchvision has it; wider ones; ResNeXt."""

from __future__ import annotations

from functools import partial
from typing import Any

from nas.architecture import Architecture
from nas.blocks import ConvStem, Stage, stage
from nas.zoo.entry import Entry

# The block, and how often it stands in conv2_x … conv5_x.
DEPTHS = {
    14: ("bottleneck", (1, 1, 1, 1)),  # no paper's: timm resnest.py, after GluonCV
    26: ("bottleneck", (2, 2, 2, 2)),
    18: ("basic", (2, 2, 2, 2)),  # arXiv:1512.03385, Table 1
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
    200: ("bottleneck", (3, 24, 36, 3)),  # arXiv:1603.05027, of pre-activation blocks there; timm's are these
    269: ("bottleneck", (3, 30, 48, 8)),  # arXiv:1612.01105 names it; 269 = 3 × 89 + 2 layers
    1001: ("bottleneck", (3, 94, 94, 3)),  # no paper's, see FOLLOWS
}

# The 3×3 of conv2_x has `groups` groups of `width` channels, of twice as many in each next stage.
TABLE: dict[str, tuple[int, int, int, str]] = {
    #                     depth groups width oracle
    "resnet18": (18, 1, 64, "torchvision"),
    "resnet34": (34, 1, 64, "torchvision"),
    "resnet50": (50, 1, 64, "torchvision"),
    "resnet101": (101, 1, 64, "torchvision"),
    "resnet152": (152, 1, 64, "torchvision"),
    "resnet200": (200, 1, 64, "timm"),
    "resnet269": (269, 1, 64, "code:timm.models.resnet.ResNet(Bottleneck,[3,30,48,8]) (no registered entry)"),
    "resnet1001": (1001, 1, 64, ""),
    # Zagoruyko & Komodakis 2016, arXiv:1605.07146: Table 8 has WRN-50-2-bottleneck.
    "wide_resnet50_2": (50, 1, 128, "torchvision"),
    "wide_resnet101_2": (101, 1, 128, "torchvision"),
    # Xie et al. 2016, arXiv:1611.05431: Tables 1 and 5; 32x8d and wider: Mahajan et al. 2018, arXiv:1805.00932.
    "resnext50_32x4d": (50, 32, 4, "torchvision"),
    "resnext101_32x4d": (101, 32, 4, "timm"),
    "resnext101_32x8d": (101, 32, 8, "torchvision"),
    "resnext101_32x16d": (101, 32, 16, "timm"),
    "resnext101_32x32d": (101, 32, 32, "timm"),
    "resnext101_64x4d": (101, 64, 4, "torchvision"),
}

FOLLOWS = {
    "resnet1001": "ResNet-1001: the ImageNet description of 3, 94, 94 and 3 bottlenecks (584 layers) with activations "
    "behind the sums; with pre-activation blocks, the stem's norm kept and no norm behind the last block, it has 3,968 "
    "parameters less. The ResNet-1001 of arXiv:1603.05027 is another network, for CIFAR, of 10.2M parameters"
}

HABITS: dict[str, dict[str, Any]] = {
    "torchvision": {"naming": "torchvision_resnet", "init": "resnet"},
    "timm": {"naming": "timm_resnet", "init": "timm_resnet", "drop_path_at": "last"},
}


def resnet(depth: int, groups: int = 1, width: int = 64, library: str = "torchvision", **columns: Any) -> Architecture:
    """A ResNet or ResNeXt as torchvision or timm has it; `columns` are more cells of each row."""
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=64, kernel=7, pool=True),
        stages=residual_stages(depth, groups, width, **columns),
        **HABITS[library],
    )


def residual_stages(depth: int, groups: int = 1, width: int = 64, **columns: Any) -> tuple[Stage, ...]:
    """conv2_x … conv5_x of that depth."""
    block, repeats = DEPTHS[depth]
    rows = []
    for number, times in enumerate(repeats):
        row = {"block": block, "channels": 64 << number, "repeats": times, "stride": 2 if number else 1, **columns}
        if block != "basic":
            row |= {"channels": 256 << number, "ratio": groups * width / 256}
            row |= {"group_width": width << number} if groups > 1 else {}
        rows.append(stage(row))
    return tuple(rows)


def _entry(name: str, depth: int, groups: int, width: int, oracle: str) -> Entry:
    library = "torchvision" if oracle in ("torchvision", "") else "timm"
    family = "resnext" if groups > 1 else "resnet"
    return Entry(family, partial(resnet, depth, groups, width, library), oracle, FOLLOWS.get(name, ""))


ENTRIES: dict[str, Entry] = {name: _entry(name, *row) for name, row in TABLE.items()}
