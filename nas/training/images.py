"""Images with their labels, in memory: uint8 arrays (images, channels, height, width) to train on and to judge by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nas.errors import FileError
from nas.training.readers import Split, read_splits

HELD_OUT = 1 / 6  # of the training images, where the data names none to judge by: 10,000 of Fashion-MNIST's 60,000


@dataclass(frozen=True, eq=False)
class Images:
    """What networks are trained on (`train`) and judged by (`val`); images of a test are never read."""

    name: str
    train: Split
    val: Split
    classes: int

    @property
    def channels(self) -> int:
        """Channels of every image."""
        return int(self.train.images.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen characters that change with any pixel or label."""
        hasher = hashlib.sha256()
        for split in (self.train, self.val):
            hasher.update(str(split.images.shape).encode())
            hasher.update(np.ascontiguousarray(split.images).data)
            hasher.update(np.ascontiguousarray(split.labels).data)
        return hasher.hexdigest()[:16]


@lru_cache(maxsize=2)
def read_images(path: str, resolution: int | None = None) -> Images:
    """The images of a folder or file, checked; FileError in one line for what cannot be trained on.

    `resolution` sizes the images of a folder: shorter side to that many pixels, then the centre. Without it they must
    have one size.
    """
    train, val = read_splits(Path(path), resolution)
    classes = int(train.labels.max()) + 1
    counts = np.bincount(train.labels, minlength=classes)
    if classes > len(train.labels) or not counts.all():
        missing = int(np.argmin(counts > 0))
        raise FileError(f"{path}: no training image has label {missing} of 0 to {classes - 1}; labels count from 0")
    if classes < 2:
        raise FileError(f"{path}: one class only; there is nothing to tell apart")
    if val is None:
        chosen = held_out(train.labels, HELD_OUT, path)
        val = Split(train.images[chosen], train.labels[chosen])
        train = Split(train.images[~chosen], train.labels[~chosen])
    if val.images.shape[1:] != train.images.shape[1:]:
        raise FileError(f"{path}: validation images of shape {val.images.shape[1:]}, training {train.images.shape[1:]}")
    if val.labels.max() >= classes:
        raise FileError(f"{path}: a validation image has label {val.labels.max()}, training only 0 to {classes - 1}")
    return Images(path, train, val, classes)


def held_out(labels: NDArray[np.int64], share: float, where: str = "images") -> NDArray[np.bool_]:
    """Which images to judge by: that share of every class (at least one), the same whenever it is asked."""
    rng, chosen = np.random.default_rng(0), np.zeros(len(labels), dtype=bool)
    for label in range(int(labels.max()) + 1):
        members = rng.permutation(np.flatnonzero(labels == label))
        if len(members) < 2:
            raise FileError(f"{where}: class {label} has one image; it takes two, to train on and to judge by")
        chosen[members[: max(1, round(share * len(members)))]] = True
    return chosen


def subset(labels: NDArray[np.int64], count: int) -> NDArray[np.intp]:
    """`count` images to train on (0: all), drawn once, in order: a smaller draw is the beginning of a larger one."""
    order = np.random.default_rng(0).permutation(len(labels))
    return order[:count] if count else order
