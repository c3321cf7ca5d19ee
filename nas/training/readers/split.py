"""What a reader makes: images with labels, checked as far as one split shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import FileError

MOST_BYTES = 8 * 2**30  # of pixels held in memory


@dataclass(frozen=True, eq=False)
class Split:
    """Images (n, channels, height, width), uint8, and their labels (n,) from 0."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Reader:
    """A layout: whether a path has it, and (path, resolution) -> images to train on and to judge by."""

    accepts: Callable[[Path], bool]
    read: Callable[[Path, int | None], tuple[Split, Split | None]]


def split_of(images: NDArray[Any], labels: NDArray[Any], where: Path) -> Split:
    """Images (n, h, w), (n, h, w, c) or (n, c, h, w) of bytes, or of floats from 0 to 1, with their labels."""
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise FileError(f"{where}: images of shape {images.shape}; expected (n, h, w), (n, h, w, c) or (n, c, h, w)")
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise FileError(f"{where}: labels are one whole number an image, not {labels.dtype} of shape {labels.shape}")
    if len(labels) != len(images):
        raise FileError(f"{where}: {len(images):,} images and {len(labels):,} labels")
    if labels.min() < 0 or labels.max() >= 2**20:
        raise FileError(f"{where}: labels from {labels.min()} to {labels.max()}; they count from 0")
    return Split(_channels_first(_bytes(images, where), where), labels.astype(np.int64))


def _bytes(images: NDArray[Any], where: Path) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f" or not (0 <= images.min() <= images.max() <= 1):  # NaN too
        span = f" from {images.min()} to {images.max()}" if images.dtype.kind in "fiu" else ""
        raise FileError(f"{where}: pixels are {images.dtype}{span}; expected uint8, or floats from 0 to 1")
    found: NDArray[np.uint8] = np.rint(images * 255).astype(np.uint8)
    return found


def _channels_first(images: NDArray[np.uint8], where: Path) -> NDArray[np.uint8]:
    if images.ndim == 3:
        return images[:, None]
    few = [axis for axis in (3, 1) if images.shape[axis] <= 4]  # channels last is the commoner order
    if not few:
        raise FileError(f"{where}: images of shape {images.shape}: neither axis 1 nor 3 is one of up to 4 channels")
    return np.moveaxis(images, 3, 1) if few[0] == 3 else images
