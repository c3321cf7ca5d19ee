"""GoogLeNet, or Inception v1 (Szegedy et al. 2014, arXiv:1409.4842), with batch norms as torchvision has it."""

from __future__ import annotations

from functools import partial
from typing import Literal

from nas.blocks.recipe import FREE, Recipe, Value
from nas.graph.ops import AdaptiveAvgPool2d, Dropout, Flatten, MaxPool2d
from nas.zoo.branches import HABITS, Chain, Conv, Module, chain, side_by_side
from nas.zoo.entry import Entry
from nas.zoo.plan import Plan

# arXiv:1409.4842, Table 1.
MODULES = {
    #    #1×1  #3×3 reduce  #3×3  #5×5 reduce  #5×5  pool proj
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
STAGES = (("3a", "3b"), ("4a", "4b", "4c", "4d", "4e"), ("5a", "5b"))
AUXILIARY = {"4a": "aux1", "4d": "aux2"}  # §5: on top of the output of 4a and 4d
AUXILIARY_DROPOUT = 0.7  # §5

SAME = MaxPool2d((3, 3), (1, 1), (1, 1), ceil_mode=True)
HALVE = MaxPool2d((3, 3), (2, 2), ceil_mode=True)
HALVES = (HALVE, HALVE, MaxPool2d((2, 2), (2, 2), ceil_mode=True))  # torchvision's last pooling is 2×2

STEM: Chain = {"conv1": Conv(64, 7, 2), "maxpool1": HALVE, "conv2": Conv(64), "conv3": Conv(192, 3)}


def inception(row: tuple[int, ...], kernel: int) -> Module:
    """The module of a row of the table (figure 2b); the "5×5" has that kernel."""
    ones, reduce3, threes, reduce5, fives, projection = row
    return {
        "branch1": (Conv(ones),),
        "branch2.{}": (Conv(reduce3), Conv(threes, 3)),
        "branch3.{}": (Conv(reduce5), Conv(fives, kernel)),
        "branch4.{}": (SAME, Conv(projection)),
    }


def googlenet(
    build: Recipe, x: Value, num_classes: int, dropout: float, *, kernel: Literal[3, 5], auxiliary: bool
) -> list[Value]:
    """Table 1. The outputs are those of torchvision in training: the logits, then the later auxiliary ones first."""
    more: list[Value] = []
    build.at("stem")
    x = chain(build, x, STEM)
    for stage, (halve, names) in enumerate(zip(HALVES, STAGES, strict=True), start=1):
        build.at(f"stage{stage}")
        x = build.add(halve, x, name=f"maxpool{stage + 1}")
        for block, name in enumerate(names):
            build.at(f"stage{stage}", block)
            x = side_by_side(build, x, f"inception{name}", inception(MODULES[name], kernel))
            if auxiliary and num_classes and name in AUXILIARY:
                more.insert(0, auxiliary_head(build, x, AUXILIARY[name], num_classes))
    build.at("head")
    return [build.classify(build.mean(x), dropout, num_classes), *more]


def auxiliary_head(build: Recipe, x: Value, name: str, num_classes: int) -> Value:
    """The classifier on the side that helps to train what stands before it (§5)."""
    build.at(name)
    x = build.add(AdaptiveAvgPool2d((4, 4)), x, name=f"{name}.pool")
    x = build.conv_norm_act(x, f"{name}.conv", 128, width=FREE)
    x = build.add(Flatten(), x, name=f"{name}.flatten")
    x = build.act(build.linear(x, f"{name}.fc1", 1024, width=FREE), f"{name}.act")
    x = build.add(Dropout(AUXILIARY_DROPOUT), x, name=f"{name}.dropout")
    return build.linear(x, f"{name}.fc2", num_classes)


def plan(kernel: Literal[3, 5], *, auxiliary: bool) -> Plan:
    """GoogLeNet as torchvision builds it: 3×3 where the paper has 5×5 (pytorch/vision issue 906), or the paper's."""
    return Plan(
        partial(googlenet, kernel=kernel, auxiliary=auxiliary),
        resolution=224,
        dropout=0.2,
        habits=HABITS,
        parts={"norm": "bn"},
        init="googlenet",
    )


FIVES = "torchvision's network with the paper's 5×5 convolutions, 380,928 parameters more"
RESTING = "macs are those of inference, where the auxiliary heads rest"

# The files of weights that torchvision publishes hold the auxiliary heads too.
ENTRIES: dict[str, Entry] = {
    "googlenet": Entry("inception", None, "torchvision:googlenet(aux_logits=False)", plan=plan(3, auxiliary=False)),
    "googlenet_aux": Entry(
        "inception",
        None,
        "torchvision:googlenet(aux_logits=True)",
        f"Inception-v1 (GoogLeNet): {RESTING}",
        plan=plan(3, auxiliary=True),
    ),
    "googlenet_5x5": Entry("inception", None, "", f"googlenet_5x5: {FIVES}", plan=plan(5, auxiliary=False)),
    "googlenet_5x5_aux": Entry(
        "inception", None, "", f"Inception-v1 (GoogLeNet): {FIVES}", plan=plan(5, auxiliary=True)
    ),
}
