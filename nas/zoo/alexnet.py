"""AlexNet and ZFNet: five convolutions and three linear layers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count

from nas.blocks.recipe import FREE, Habits, Norm, Recipe, Value
from nas.blocks.vgg import FlatHead
from nas.graph import Op
from nas.graph.ops import LocalResponseNorm, MaxPool2d
from nas.zoo.entry import Entry
from nas.zoo.plan import Plan

Stage = tuple[Sequence[tuple[int, int, int, int]], Sequence[Op]]  # convolutions, and what stands behind the last

# AlexNet, on one GPU: Krizhevsky 2014 (arXiv:1404.5997), footnote 1.
POOL = MaxPool2d((3, 3), (2, 2))
ALEXNET: Sequence[Stage] = (
    #  channels kernel stride padding
    ([(64, 11, 4, 2)], [POOL]),
    ([(192, 5, 1, 2)], [POOL]),
    ([(384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1)], [POOL]),
)

# ZFNet: Zeiler & Fergus 2013 (arXiv:1311.2901), Figure 3. The paddings are those that make its maps of 110, 55, 26, 13
# and 6 pixels, the constants of the contrast norm those of Krizhevsky et al. 2012, §3.3 (α = 1e-4 of a sum of five).
ROUNDED_UP, CONTRAST = MaxPool2d((3, 3), (2, 2), ceil_mode=True), LocalResponseNorm(5, 5e-4, 0.75, 2.0)
ZFNET: Sequence[Stage] = (
    ([(96, 7, 2, 1)], [ROUNDED_UP, CONTRAST]),
    ([(256, 5, 2, 0)], [ROUNDED_UP, CONTRAST]),
    ([(384, 3, 1, 1), (384, 3, 1, 1), (256, 3, 1, 1)], [ROUNDED_UP]),
)


def eight_layers(
    build: Recipe, x: Value, num_classes: int, dropout: float, *, stages: Sequence[Stage], early: bool
) -> Value:
    """The convolutions of the table, and a head of three linear layers on a map of 6×6."""
    number = count()
    for stage, (rows, ends) in enumerate(stages):
        place = f"stage{stage}" if stage else "stem"
        for block, (channels, kernel, stride, padding) in enumerate(rows):
            build.at(place, block if stage else None)
            name = f"features.{next(number)}"
            x = build.conv(x, name, channels, kernel, stride, padding=padding, bias=True, width=FREE)
            x = build.act(x, f"features.{next(number)}")
        build.at(place)
        for op in ends:
            x = build.add(op, x, name=f"features.{next(number)}")
    build.at("head")
    return FlatHead(dropout=dropout, grid=6, early=early).lower(build, x, num_classes)


def plan(stages: Sequence[Stage], init: str, *, early: bool) -> Plan:
    """The network of a table, named as torchvision's: what follows one another is counted, dropout included."""
    layers = ("hidden1", "act1", "dropout1", "hidden2", "act2", "dropout", "fc")
    if early:
        layers = ("dropout0", "hidden1", "act1", "dropout1", "hidden2", "act2", "fc")
    return Plan(
        partial(eight_layers, stages=stages, early=early),
        resolution=224,
        dropout=0.5,
        habits=Habits(norm=Norm(kind="none")),
        parts={"pool": "avgpool", **{layer: f"classifier.{number}" for number, layer in enumerate(layers)}},
        init=init,
    )


FOLLOWS = (
    "ZFNet: Figure 3 as one tower, with the contrast norms behind the first two poolings (they have no parameters) and "
    "dropout behind both hidden layers; a mean over 6×6 cells, which does nothing at 224 px, lets it read other sizes"
)

ENTRIES: dict[str, Entry] = {
    "alexnet": Entry("alexnet", None, plan=plan(ALEXNET, "torch", early=True)),
    "zfnet": Entry("zfnet", None, "", FOLLOWS, plan=plan(ZFNET, "zfnet", early=False)),
}
