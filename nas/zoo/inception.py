"""The Inception family; here Inception v3 (Szegedy et al. 2015, arXiv:1512.00567) as torchvision has it."""

from __future__ import annotations

from functools import partial

from nas.blocks.recipe import Recipe, Value
from nas.graph.ops import AvgPool2d, GlobalAvgPool
from nas.zoo.branches import HABITS, HALVE, Chain, Conv, Fork, Module, chain, side_by_side
from nas.zoo.entry import Entry
from nas.zoo.googlenet import ENTRIES as GOOGLENET
from nas.zoo.googlenet import RESTING
from nas.zoo.inception_v4 import V4
from nas.zoo.plan import Plan

# arXiv:1512.00567, Table 1 and figures 5 to 7; the widths are torchvision's.

MEAN = AvgPool2d((3, 3), (1, 1), (1, 1))  # counts its padding as zeros

STEM: Chain = {
    "Conv2d_1a_3x3": Conv(32, 3, 2, 0),
    "Conv2d_2a_3x3": Conv(32, 3, 1, 0),
    "Conv2d_2b_3x3": Conv(64, 3),
    "maxpool1": HALVE,
    "Conv2d_3b_1x1": Conv(80),
    "Conv2d_4a_3x3": Conv(192, 3, 1, 0),
}


def figure5(pool: int) -> Module:
    """5×5 convolutions replaced by two 3×3."""
    return {
        "branch1x1": (Conv(64),),
        "branch5x5_{}": (Conv(48), Conv(64, 5)),
        "branch3x3dbl_{}": (Conv(64), Conv(96, 3), Conv(96, 3)),
        "branch_pool": (MEAN, Conv(pool)),
    }


def figure6(width: int) -> Module:
    """n×n convolutions factorised into 1×n and n×1, n = 7."""
    row, column = Conv(width, (1, 7)), Conv(width, (7, 1))
    return {
        "branch1x1": (Conv(192),),
        "branch7x7_{}": (Conv(width), row, Conv(192, (7, 1))),
        "branch7x7dbl_{}": (Conv(width), column, row, column, Conv(192, (1, 7))),
        "branch_pool": (MEAN, Conv(192)),
    }


FORK = Fork(Conv(384, (1, 3)), Conv(384, (3, 1)))
FIGURE7: Module = {  # wider filter banks on the coarsest map
    "branch1x1": (Conv(320),),
    "branch3x3_{}": (Conv(384), FORK),
    "branch3x3dbl_{}": (Conv(448), Conv(384, 3), FORK),
    "branch_pool": (MEAN, Conv(192)),
}
TO_17: Module = {  # grids are reduced as in figure 10
    "branch3x3": (Conv(384, 3, 2, 0),),
    "branch3x3dbl_{}": (Conv(64), Conv(96, 3), Conv(96, 3, 2, 0)),
    "branch_pool": (HALVE,),
}
TO_8: Module = {
    "branch3x3_{}": (Conv(192), Conv(320, 3, 2, 0)),
    "branch7x7x3_{}": (Conv(192), Conv(192, (1, 7)), Conv(192, (7, 1)), Conv(192, 3, 2, 0)),
    "branch_pool": (HALVE,),
}

STAGES: tuple[dict[str, Module], ...] = (
    {"Mixed_5b": figure5(32), "Mixed_5c": figure5(64), "Mixed_5d": figure5(64)},
    {"Mixed_6b": figure6(128), "Mixed_6c": figure6(160), "Mixed_6d": figure6(160), "Mixed_6e": figure6(192)},
    {"Mixed_7b": FIGURE7, "Mixed_7c": FIGURE7},
)


def inception_v3(build: Recipe, x: Value, num_classes: int, dropout: float, *, auxiliary: bool) -> list[Value]:
    """Inception v3. The outputs are those of torchvision in training: the logits, and the auxiliary ones."""
    more: list[Value] = []
    build.at("stem")
    x = chain(build, x, STEM)
    for stage, modules in enumerate(STAGES, start=1):
        build.at(f"stage{stage}")
        if stage == 1:
            x = build.add(HALVE, x, name="maxpool2")
        else:
            name, reduction = ("Mixed_6a", TO_17) if stage == 2 else ("Mixed_7a", TO_8)
            x = side_by_side(build, x, name, reduction, first=1)
        for block, (name, module) in enumerate(modules.items()):
            build.at(f"stage{stage}", block)
            x = side_by_side(build, x, name, module, first=1)
        if auxiliary and num_classes and stage == 2:
            more.append(auxiliary_head(build, x, num_classes))
    build.at("head")
    return [build.classify(build.mean(x), dropout, num_classes), *more]


def auxiliary_head(build: Recipe, x: Value, num_classes: int) -> Value:
    """The classifier on top of the last 17×17 layer (§4, figure 8)."""
    build.at("aux")
    layers: Chain = {
        "AuxLogits.pool": AvgPool2d((5, 5), (3, 3)),
        "AuxLogits.conv0": Conv(128),
        "AuxLogits.conv1": Conv(768, 5, 1, 0),
    }
    x = build.add(GlobalAvgPool(), chain(build, x, layers), name="AuxLogits.mean")
    return build.linear(x, "AuxLogits.fc", num_classes)


def plan(*, auxiliary: bool) -> Plan:
    """Inception v3; images are normalised before it (torchvision's `transform_input` is off)."""
    whole = partial(inception_v3, auxiliary=auxiliary)
    return Plan(whole, 299, dropout=0.5, habits=HABITS, parts={"norm": "bn"}, init="inception_v3")


ENTRIES: dict[str, Entry] = {
    **GOOGLENET,
    "inception_v3": Entry("inception", None, "torchvision:inception_v3(aux_logits=False)", plan=plan(auxiliary=False)),
    "inception_v3_aux": Entry(
        "inception",
        None,
        "torchvision:inception_v3(aux_logits=True)",
        f"Inception-v3: {RESTING}",
        plan=plan(auxiliary=True),
    ),
    "inception_v4": Entry("inception", None, "timm", plan=V4),
}
