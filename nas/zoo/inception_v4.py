"""Inception v4 (Szegedy et al. 2016, arXiv:1602.07261) as timm has it, after TensorFlow's code."""

from __future__ import annotations

from nas.blocks.recipe import Recipe, Value
from nas.zoo.branches import HABITS, HALVE, MEAN, Chain, Conv, Fork, Module, chain, side_by_side
from nas.zoo.plan import Plan

# Figure 3, the stem; timm counts what halves the map once more to the stages.
STEM: Chain = {"features.0": Conv(32, 3, 2, 0), "features.1": Conv(32, 3, 1, 0), "features.2": Conv(64, 3)}
MIXED_3A: Module = {"maxpool": (HALVE,), "conv": (Conv(96, 3, 2, 0),)}
MIXED_4A: Module = {
    "branch0.{}": (Conv(64), Conv(96, 3, 1, 0)),
    "branch1.{}": (Conv(64), Conv(64, (1, 7)), Conv(64, (7, 1)), Conv(96, 3, 1, 0)),
}
MIXED_5A: Module = {"conv": (Conv(192, 3, 2, 0),), "maxpool": (HALVE,)}

INCEPTION_A: Module = {  # figure 4
    "branch0": (Conv(96),),
    "branch1.{}": (Conv(64), Conv(96, 3)),
    "branch2.{}": (Conv(64), Conv(96, 3), Conv(96, 3)),
    "branch3.{}": (MEAN, Conv(96)),
}
REDUCTION_A: Module = {  # figure 7, Table 1: k, l, m, n = 192, 224, 256, 384
    "branch0": (Conv(384, 3, 2, 0),),
    "branch1.{}": (Conv(192), Conv(224, 3), Conv(256, 3, 2, 0)),
    "branch2": (HALVE,),
}
INCEPTION_B: Module = {  # figure 5
    "branch0": (Conv(384),),
    "branch1.{}": (Conv(192), Conv(224, (1, 7)), Conv(256, (7, 1))),
    "branch2.{}": (Conv(192), Conv(192, (7, 1)), Conv(224, (1, 7)), Conv(224, (7, 1)), Conv(256, (1, 7))),
    "branch3.{}": (MEAN, Conv(128)),
}
REDUCTION_B: Module = {  # figure 8
    "branch0.{}": (Conv(192), Conv(192, 3, 2, 0)),
    "branch1.{}": (Conv(256), Conv(256, (1, 7)), Conv(320, (7, 1)), Conv(320, 3, 2, 0)),
    "branch2": (HALVE,),
}
FORK = Fork(Conv(256, (1, 3)), Conv(256, (3, 1)))
INCEPTION_C: Module = {  # figure 6
    "branch0": (Conv(256),),
    "branch1_{}": (Conv(384), FORK),
    "branch2_{}": (Conv(384), Conv(448, (3, 1)), Conv(512, (1, 3)), FORK),
    "branch3.{}": (MEAN, Conv(256)),
}

# Figures 3 and 9: what leads to the map of each size, then its equal modules and their number.
STAGES: tuple[tuple[tuple[Module, ...], Module, int], ...] = (
    ((MIXED_3A,), {}, 0),
    ((MIXED_4A, MIXED_5A), INCEPTION_A, 4),
    ((REDUCTION_A,), INCEPTION_B, 7),
    ((REDUCTION_B,), INCEPTION_C, 3),
)


def inception_v4(build: Recipe, x: Value, num_classes: int, dropout: float) -> Value:
    """Figures 3 and 9."""
    build.at("stem")
    x, number = chain(build, x, STEM), len(STEM)
    for stage, (before, module, repeats) in enumerate(STAGES, start=1):
        for block, each in enumerate((*before, *[module] * repeats), start=-len(before)):
            build.at(f"stage{stage}", block if block >= 0 else None)
            x = side_by_side(build, x, f"features.{number}", each)
            number += 1
    build.at("head")
    return build.classify(build.mean(x), dropout, num_classes)


V4 = Plan(
    inception_v4,
    299,
    dropout=0.2,  # figure 9
    habits=HABITS,
    parts={"norm": "bn", "fc": "last_linear"},
    init="torch",
)
