"""Xception (Chollet 2016, arXiv:1610.02357), as timm's port of the Keras weights has it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from nas.blocks.recipe import FREE, Recipe, Value, Width
from nas.graph.ops import Add, MaxPool2d
from nas.zoo.entry import Entry
from nas.zoo.plan import Plan

# arXiv:1610.02357, Figure 5: the channels of the convolutions, then those of the separable ones in each block.
STEM = (32, 64)
ENTRY = ((128, 128), (256, 256), (728, 728))
MIDDLE, REPEATS = (728, 728, 728), 8
EXIT = (728, 1024)
LAST = (1536, 2048)


def separable(build: Recipe, x: Value, name: str, channels: int, width: Width = FREE) -> Value:
    """Depthwise 3×3 and 1×1 to `channels`, with nothing between them."""
    x = build.conv(x, f"{name}.conv1", x.channels, 3, groups=x.channels)
    return build.conv(x, f"{name}.pointwise", channels, width=width)


def block(build: Recipe, x: Value, name: str, widths: Sequence[int], stride: int = 2, *, first: bool = False) -> Value:
    """Separable convolutions of those `widths`, each behind an activation, added to the input or its 1×1 convolution.

    A `stride` is that of a max pooling behind them. The `first` block begins without an activation.
    """
    number, y, last = count(), x, len(widths) - 1
    for at, channels in enumerate(widths):
        if at or not first:
            y = build.act(y, f"{name}.rep.{next(number)}")
        width = build.beside(x, stride) if at == last else FREE
        y = separable(build, y, f"{name}.rep.{next(number)}", channels, width)
        y = build.norm(y, f"{name}.rep.{next(number)}")
    skipped = x
    if stride > 1:
        y = build.add(MaxPool2d((3, 3), (stride, stride), (1, 1)), y, name=f"{name}.rep.{next(number)}")
        skipped = build.norm(build.conv(x, f"{name}.skip", widths[-1], 1, stride, width=FREE), f"{name}.skipbn")
    return build.add(Add(), y, skipped, name=f"{name}.add")


def xception(build: Recipe, x: Value, num_classes: int, dropout: float) -> Value:
    """Figure 5: entry flow (stem and stages 1 to 3), middle flow (stage 4, the one of equal blocks), exit flow."""
    build.at("stem")
    for number, channels in enumerate(STEM, start=1):
        x = build.conv(x, f"conv{number}", channels, 3, 2 if number == 1 else 1, padding=0, width=FREE)
        x = build.act(build.norm(x, f"bn{number}"), f"act{number}")
    for stage, widths in enumerate(ENTRY, start=1):
        build.at(f"stage{stage}")
        x = block(build, x, f"block{stage}", widths, first=stage == 1)
    for repeat in range(REPEATS):
        build.at("stage4", repeat)
        x = block(build, x, f"block{repeat + 4}", MIDDLE, 1)
    build.at("stage5")
    x = block(build, x, "block12", EXIT)
    build.at("stage6")
    for number, channels in enumerate(LAST, start=3):
        x = build.norm(separable(build, x, f"conv{number}", channels), f"bn{number}")
        x = build.act(x, f"act{number}")
    build.at("head")
    return build.classify(build.mean(x), dropout, num_classes)


# Dropout: §4.3. timm's rule of initial weights is that of torchvision's ResNets.
PLAN = Plan(xception, resolution=299, dropout=0.5, parts={"pool": "global_pool"}, init="resnet")
ENTRIES: dict[str, Entry] = {"xception": Entry("xception", None, "timm:legacy_xception", plan=PLAN)}
