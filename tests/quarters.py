"""Noisy images whose class is the quarter that is brighter, and small networks that learn to tell."""

from __future__ import annotations

import numpy as np

from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.lowering import lower
from nas.training.images import Images
from nas.training.readers import Split
from nas.training.recipe import Recipe

RESOLUTION = 12


def network(width=8, resolution=RESOLUTION, dropout=0.1):
    return Architecture(
        resolution=resolution,
        stem=ConvStem(channels=width),
        stages=stages("block expand kernel stride channels repeats", ("inverted_residual", 2, 3, 2, width, 1)),
        head=PoolHead(channels=16, dropout=dropout),
    )


def quarters(count, seed, resolution=RESOLUTION):
    """So many images with their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    images = rng.integers(0, 150, (count, 1, resolution, resolution), dtype=np.uint8)
    half = resolution // 2
    for image, label in zip(images, labels, strict=True):
        top, left = divmod(label, 2)
        image[0, top * half : (top + 1) * half, left * half : (left + 1) * half] += 60
    return Split(images, labels.astype(np.int64))


IMAGES = Images("quarters", quarters(160, 0), quarters(80, 1), 4)
GRAPH = lower(network(), 4, 1)
PLAIN = {"flip": 0, "crop": 0.0, "batch": 16, "warmup": 0.5}
RECIPE = Recipe(epochs=4, **PLAIN)


def huge():
    """A network of few weights whose first map takes 275 GB a batch; the images themselves are small."""
    table = stages("block expand kernel stride channels repeats", ("inverted_residual", 1, 3, 2, 4, 1))
    return network(resolution=2**9).model_copy(update={"stem": ConvStem(channels=2**16), "stages": table})
