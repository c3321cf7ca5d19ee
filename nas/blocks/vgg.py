"""VGG's two ends (Simonyan & Zisserman 2014, arXiv:1409.1556, Table 1): no stem, and a head of three linear layers."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from nas.blocks.recipe import FREE, Recipe, Value
from nas.blocks.row import Channels, Head, Stem
from nas.graph.ops import AdaptiveAvgPool2d, Dropout, Flatten


class NoStem(Stem):
    """No stem: the first stage reads the image, of so many `channels`."""

    widths: ClassVar[tuple[str, ...]] = ()

    stem: Literal["none"] = "none"
    channels: Channels = 3

    def reduced(self, size: int) -> int:
        return size

    def lower(self, build: Recipe, x: Value) -> Value:
        return x


class FlatHead(Head):
    """The map as means over `grid` × `grid` cells, two linear layers of `hidden`, the classifier.

    Dropout stands behind the two layers, or where it is `early` before them, as torchvision's AlexNet has it.
    """

    widths: ClassVar[tuple[str, ...]] = ("hidden",)

    head: Literal["flat"] = "flat"
    grid: Annotated[int, Field(ge=1, le=64)] = 7
    hidden: Channels = 4096
    early: bool = False

    def lower(self, build: Recipe, x: Value, num_classes: int) -> Value:
        x = build.add(AdaptiveAvgPool2d((self.grid, self.grid)), x, name=build.named("pool"))
        x = build.add(Flatten(), x, name=build.named("flatten"))
        if self.dropout and self.early:
            x = build.add(Dropout(self.dropout), x, name=build.named("dropout0"))
        x = build.act(build.linear(x, "hidden1", self.hidden, width=FREE), "act1")
        if self.dropout:
            x = build.add(Dropout(self.dropout), x, name=build.named("dropout1"))
        x = build.act(build.linear(x, "hidden2", self.hidden, width=FREE), "act2")
        return build.classify(x, 0 if self.early else self.dropout, num_classes)
