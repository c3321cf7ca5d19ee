"""Modules of parallel branches, joined along the channels, as tables: what Inception networks are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from nas.blocks.recipe import FREE, Habits, Norm, Recipe, Value
from nas.graph import Op, Pair
from nas.graph.ops import AvgPool2d, Concat, MaxPool2d


class Conv(NamedTuple):
    """A convolution with its norm and activation. Only a stride changes the map, or `padding` in pixels (0: "V")."""

    channels: int
    kernel: int | Pair = 1
    stride: int = 1
    padding: int | None = None


class Fork(NamedTuple):
    """Two convolutions of one map at the end of a branch, both of which are joined."""

    a: Conv
    b: Conv


Layer: TypeAlias = Conv | Fork | Op
Module: TypeAlias = Mapping[str, tuple[Layer, ...]]
Chain: TypeAlias = Mapping[str, Conv | Op]

HABITS = Habits(norm=Norm(eps=1e-3))
MEAN = AvgPool2d((3, 3), (1, 1), (1, 1), count_include_pad=False)
HALVE = MaxPool2d((3, 3), (2, 2))


def side_by_side(build: Recipe, x: Value, name: str, module: Module, first: int = 0) -> Value:
    """The branches of `module` beside each other. A {} in a branch's name is the number of the layer, from `first`."""
    ends = [end for branch, layers in module.items() for end in _branch(build, x, f"{name}.{branch}", layers, first)]
    return build.add(Concat(), *ends, name=f"{name}.concat")


def chain(build: Recipe, x: Value, layers: Chain) -> Value:
    """Layers behind one another, by name."""
    for name, layer in layers.items():
        x = _layer(build, x, name, layer)
    return x


def _branch(build: Recipe, x: Value, name: str, layers: tuple[Layer, ...], first: int) -> list[Value]:
    for number, layer in enumerate(layers, first):
        role = name.format(number)
        if isinstance(layer, Fork):
            return [_layer(build, x, f"{role}{side}", conv) for side, conv in zip("ab", layer, strict=True)]
        counted = isinstance(layer, Conv) or "{}" in name
        x = _layer(build, x, role if counted else f"{role}.pool", layer)
    return [x]


def _layer(build: Recipe, x: Value, name: str, layer: Conv | Op) -> Value:
    if not isinstance(layer, Conv):
        return build.add(layer, x, name=name)
    channels, kernel, stride, padding = layer
    return build.conv_norm_act(x, name, channels, kernel, stride, padding=padding, width=FREE)
