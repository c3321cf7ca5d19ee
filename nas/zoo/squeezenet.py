"""SqueezeNet (Iandola et al. 2016, arXiv:1602.07360)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count

from nas.blocks.recipe import FREE, Habits, Norm, Recipe, Value, Width
from nas.graph.ops import Concat, Dropout, MaxPool2d
from nas.zoo.entry import Entry
from nas.zoo.plan import Plan

# The first convolution (channels, kernel), and the channels of either kind in the expand layers of the Fire modules,
# between poolings: arXiv:1602.07360, Table 1, and for 1.1 forresti/SqueezeNet, SqueezeNet_v1.1.
TABLE: dict[str, tuple[tuple[int, int], Sequence[Sequence[int]]]] = {
    "1_0": ((96, 7), ((64, 64, 128), (128, 192, 192, 256), (256,))),
    "1_1": ((64, 3), ((64, 64), (128, 128), (192, 192, 256, 256))),
}
SQUEEZE = 1 / 4  # of the channels of either kind: the paper's ratio of 0.125, which is of both together (§5.1)
POOL = MaxPool2d((3, 3), (2, 2), ceil_mode=True)


def fire(build: Recipe, x: Value, name: str, expand: int) -> Value:
    """The Fire module (Figure 1): 1×1 that squeezes, then 1×1 and 3×3 side by side, of `expand` channels each."""
    squeezed = Width("derived", f"{name}.expand1x1", SQUEEZE)  # of a node that is not made yet
    y = build.conv(x, f"{name}.squeeze", squeezed.channels(expand), bias=True, width=squeezed)
    y = build.act(y, f"{name}.squeeze_activation")
    ones = build.conv(y, f"{name}.expand1x1", expand, bias=True, width=FREE)
    ones = build.act(ones, f"{name}.expand1x1_activation")
    threes = build.conv(y, f"{name}.expand3x3", expand, 3, bias=True, width=Width("derived", f"{name}.expand1x1"))
    threes = build.act(threes, f"{name}.expand3x3_activation")
    return build.add(Concat(), ones, threes, name=f"{name}.concat")


def squeezenet(build: Recipe, x: Value, num_classes: int, dropout: float, *, version: str) -> Value:
    """Figure 2, left: without bypass; the classifier is a convolution before the pooling."""
    (channels, kernel), stages = TABLE[version]
    number = count()
    build.at("stem")
    x = build.conv(x, f"features.{next(number)}", channels, kernel, 2, padding=0, bias=True, width=FREE)
    x = build.act(x, f"features.{next(number)}")
    for stage, modules in enumerate(stages, start=1):
        x = build.add(POOL, x, name=f"features.{next(number)}")
        for block, expand in enumerate(modules):
            build.at(f"stage{stage}", block)
            x = fire(build, x, f"features.{next(number)}", expand)
        build.at(f"stage{stage}")
    build.at("head")
    if dropout:
        x = build.add(Dropout(dropout), x, name="classifier.0")
    if num_classes:
        x = build.act(build.conv(x, "classifier.1", num_classes, bias=True), "classifier.2")
    return build.mean(x)


def plan(version: str) -> Plan:
    """SqueezeNet 1.0 or 1.1."""
    return Plan(
        partial(squeezenet, version=version),
        resolution=224,
        dropout=0.5,
        habits=Habits(norm=Norm(kind="none")),
        parts={"pool": "classifier.3"},
        init="squeezenet",
    )


ENTRIES: dict[str, Entry] = {f"squeezenet{version}": Entry("squeezenet", None, plan=plan(version)) for version in TABLE}
