"""Every evaluator as the contract tests make it, from files of a user where it needs them: the option, and a space."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

import search_spaces
from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.evaluators import EVALUATORS
from nas.space import SearchSpace, Space

EFFICIENT = search_spaces.load("efficientnet")
TINY = SearchSpace.model_validate(
    {
        "name": "tiny",
        "base": Architecture(
            resolution=12,
            stem=ConvStem(channels=8),
            stages=stages("block expand kernel stride channels repeats", ("inverted_residual", 2, 3, 2, 8, 1)),
            head=PoolHead(channels=16),
        ),
        "num_classes": 4,
        "in_chans": 1,
        "stages": [
            {"block": "inverted_residual", "channels": [8, 16, 24], "expand": [1, 2, 4], "kernel": [3, 5], "stride": 2}
        ],
    }
)


class Made(NamedTuple):
    """An option, and the space whose networks it is to score."""

    option: str
    space: Space

    @property
    def three(self):
        """Three networks."""
        return [self.space.decode(genome) for genome in three(self.space)]


def three(space: Space):
    return space.sample(3, ["250M-flops"], rng=np.random.default_rng(0))


def worth(architecture) -> float:
    """A user's function."""
    return sum(row.repeats * row.channels for row in architecture.stages) + architecture.resolution / 1000


def function(folder: Path) -> Made:
    return Made("python:function=members.worth", EFFICIENT)


def table(folder: Path) -> Made:
    """Results of the three networks."""
    space, path = EFFICIENT, folder / "mine.csv"
    rows = [
        [*(choices[code] for choices, code in zip(space.choices.values(), genome, strict=True)), value]
        for genome, value in zip(three(space).tolist(), (70.5, 71.5, 69.0), strict=True)
    ]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([[*space.choices, "value"], *rows])
    return Made(f"table:path={path}", space)


def images(folder: Path) -> Made:
    """Four classes of noise: the quarter that is brighter."""
    rng, path = np.random.default_rng(0), folder / "images.npz"
    labels = np.arange(240) % 4
    pixels = rng.integers(0, 150, (240, 1, 12, 12), dtype=np.uint8)
    for image, label in zip(pixels, labels, strict=True):
        top, left = 6 * (label // 2), 6 * (label % 2)
        image[0, top : top + 6, left : left + 6] += 60
    np.savez(path, images=pixels[:160], labels=labels[:160], val_images=pixels[160:], val_labels=labels[160:])
    return Made(f"train:data={path},resolution=12,epochs=6,warmup=0.5,batch=16,flip=0,crop=0", TINY)


# Those of the registry without an example, which anyone could make.
FILES: dict[str, Callable[[Path], Made]] = {"python": function, "table": table, "train": images}


def member(name: str, folder: Path) -> Made:
    """An evaluator of the registry."""
    example = EVALUATORS[name].example
    return Made(example, EFFICIENT) if example else FILES[name](folder)
