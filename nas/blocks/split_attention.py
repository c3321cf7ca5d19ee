"""Attention across maps of one shape: what SKNet's selection and ResNeSt's split attention have in common."""

from __future__ import annotations

from collections.abc import Sequence

from nas.blocks.recipe import Recipe, Value, Width
from nas.graph.ops import Add, GlobalAvgPool, Multiply, RadixSoftmax, Split


def add_up(build: Recipe, maps: Sequence[Value], role: str) -> Value:
    """The sum of the maps; one map is its own."""
    return build.add(Add(), *maps, name=build.named(role)) if len(maps) > 1 else maps[0]


def split_attention(
    build: Recipe, maps: Sequence[Value], squeezed: Width, gates: Width, *, cardinality: int = 1, bias: bool = False
) -> Value:
    """The sum of the maps, each weighed channel by channel with a gate; the gates of one channel sum to 1.

    They come from the mean of the maps' sum through two 1×1 convolutions in `cardinality` groups, to `squeezed` × its
    channels and to all `gates` (Li et al. 2019, arXiv:1903.06586, eqs. 1-6; Zhang et al. 2020, arXiv:2004.08955,
    eqs. 1-3). One map has a gate between 0 and 1.
    """
    radix, channels = len(maps), maps[0].channels
    total = add_up(build, maps, "attention.total")
    gate = build.add(GlobalAvgPool(keepdim=True), total, name=build.named("attention.pool"))
    wide = squeezed.channels(channels)
    gate = build.conv(gate, "attention.reduce", wide, groups=cardinality, bias=bias, width=squeezed)
    gate = build.act(build.norm(gate, "attention.norm"), "attention.act")
    gate = build.conv(gate, "attention.expand", radix * channels, groups=cardinality, bias=bias, width=gates)
    if radix == 1:
        gate = build.act(gate, "attention.gate", "sigmoid")
        return build.add(Multiply(), gate, maps[0], name=build.named("attention.scale"))
    gate = build.add(RadixSoftmax(radix, cardinality), gate, name=build.named("attention.softmax"))
    each = build.add_multi(Split((channels,) * radix), gate, name=build.named("attention.gates"))
    weighed = [
        build.add(Multiply(), one, weight, name=build.named(f"attention.scale{number}"))
        for number, (one, weight) in enumerate(zip(maps, each, strict=True))
    ]
    return add_up(build, weighed, "attention.add")
