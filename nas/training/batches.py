"""Batches of images as torch tensors: sized once for a resolution, cut, turned, mixed and erased while they are drawn.

All draws come from a numpy generator that the caller seeds, and whole batches are worked on at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nas.errors import TrainingError
from nas.training.images import Images, subset
from nas.training.readers import MOST_BYTES, Split
from nas.training.recipe import Recipe

CHUNK = 512  # images that are resized or judged at once, fewer where they are large
CHUNK_PIXELS = 2**24


@dataclass(frozen=True)
class Batch:
    """Images (n, c, h, w) in channels-last memory; each counts `share` for `labels` and the rest for `others`."""

    images: Tensor
    labels: Tensor
    others: Tensor
    share: float = 1.0


@dataclass(frozen=True, eq=False)
class Sized:
    """Pixels (n, h, w, c) as bytes, square, and their labels."""

    pixels: Tensor
    labels: Tensor

    @classmethod
    def of(cls, split: Split, resolution: int) -> Sized:
        """Images with the centre square cut out and resized to `resolution` (bilinear, antialiased), in bytes."""
        pixels = torch.from_numpy(np.ascontiguousarray(split.images))
        height, width = pixels.shape[2:]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        pixels = pixels[:, :, top : top + side, left : left + side]
        if side != resolution:
            size = (resolution, resolution)
            chunk = _chunk(max(side, resolution))
            parts = (pixels[start : start + chunk].float() for start in range(0, len(pixels), chunk))
            sized = (functional.interpolate(part, size, mode="bilinear", antialias=True) for part in parts)
            pixels = torch.cat([part.round_().clamp_(0, 255).to(torch.uint8) for part in sized])
        return cls(pixels.permute(0, 2, 3, 1).contiguous(), torch.from_numpy(split.labels))


class Batches:
    """The images of a recipe at one resolution."""

    def __init__(self, images: Images, recipe: Recipe, resolution: int) -> None:
        self.recipe, self.resolution = recipe, resolution
        chosen = subset(images.train.labels, recipe.images)
        self.train, self.val = _sized(images, resolution, recipe.images)
        self.batch = min(recipe.batch, len(chosen))
        if self.batch < 2:
            raise TrainingError("one training image; batch norm needs two, so take more (images=…)")
        self.steps = len(chosen) // self.batch  # a smaller last batch is left out, another one each epoch
        sample = self.train.pixels[: 20 * _chunk(resolution)].float() / 255
        self.mean = sample.mean((0, 1, 2))
        self.deviation = sample.std((0, 1, 2)).clamp_min(1e-3)

    def epoch(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Every image once, in a new order, augmented."""
        order = rng.permutation(len(self.train.labels))
        for step in range(self.steps):
            chosen = torch.from_numpy(order[step * self.batch : (step + 1) * self.batch])
            images = self._cropped(self.train.pixels[chosen], rng)
            labels = self.train.labels[chosen]
            if self.recipe.erasing:
                images = erased(images, self.recipe.erasing, rng)
            if self.recipe.mixup:  # Zhang et al. 2018, arXiv:1710.09412, eq. 1; one share a batch, as in their code
                share = float(rng.beta(self.recipe.mixup, self.recipe.mixup))
                others = torch.from_numpy(rng.permutation(self.batch))
                yield Batch(images.lerp(images[others], 1 - share), labels, labels[others], share)
            else:
                yield Batch(images, labels, labels)

    def judged(self) -> Iterator[Batch]:
        """The images to judge by, as they are."""
        chunk = _chunk(self.resolution)
        for start in range(0, len(self.val.labels), chunk):
            labels = self.val.labels[start : start + chunk]
            yield Batch(self._normal(self.val.pixels[start : start + chunk]), labels, labels)

    def _normal(self, pixels: Tensor) -> Tensor:
        """Mean 0 and deviation 1 a channel, over the training images; seen as (n, c, h, w)."""
        return pixels.float().div_(255).sub_(self.mean).div_(self.deviation).permute(0, 3, 1, 2)

    def _cropped(self, pixels: Tensor, rng: np.random.Generator) -> Tensor:
        """A random window of each image with a black margin, half of them mirrored: one gather."""
        count, side = len(pixels), self.resolution
        margin = round(self.recipe.crop * side)
        rows, columns = (np.arange(side) + rng.integers(0, 2 * margin + 1, (count, 1)) for _ in range(2))
        if self.recipe.flip:
            mirrored = rng.random((count, 1)) < 0.5
            columns = np.where(mirrored, columns[:, ::-1], columns)
        if margin:
            pixels = functional.pad(pixels, (0, 0, margin, margin, margin, margin))
        which = torch.arange(count)[:, None, None]
        return self._normal(pixels[which, torch.from_numpy(rows)[:, :, None], torch.from_numpy(columns)[:, None, :]])


def _chunk(resolution: int) -> int:
    return min(CHUNK, max(1, CHUNK_PIXELS // resolution**2))


@lru_cache(maxsize=2)
def _sized(images: Images, resolution: int, count: int) -> tuple[Sized, Sized]:
    chosen = subset(images.train.labels, count)
    if (size := (len(chosen) + len(images.val.labels)) * images.channels * resolution**2) > MOST_BYTES:
        raise TrainingError(
            f"images of {resolution} pixels take {size:,} bytes, more than {MOST_BYTES:,}; take images=…"
        )
    train = Split(images.train.images[chosen], images.train.labels[chosen])
    return Sized.of(train, resolution), Sized.of(images.val, resolution)


def erased(images: Tensor, chance: float, rng: np.random.Generator) -> Tensor:
    """Images that each lose a rectangle with that chance: 2 to 33 % of the area, aspect 0.3 to 3.3, to the mean (0).

    Zhong et al. 2017, arXiv:1708.04896, §4.1 (s_l, s_h, r_1); they fill with the mean or with noise.
    """
    count, _, height, width = images.shape
    area = rng.uniform(0.02, 0.33, count) * height * width
    aspect = np.exp(rng.uniform(np.log(0.3), np.log(1 / 0.3), count))
    tall = np.clip(np.rint(np.sqrt(area * aspect)), 1, height)
    wide = np.clip(np.rint(np.sqrt(area / aspect)), 1, width)
    top, left = (np.floor(rng.random(count) * (whole - part + 1)) for whole, part in ((height, tall), (width, wide)))
    lost = rng.random(count) < chance
    rows, columns = np.arange(height), np.arange(width)
    in_rows = (rows >= top[:, None]) & (rows < (top + tall)[:, None])
    in_columns = (columns >= left[:, None]) & (columns < (left + wide)[:, None])
    hole = torch.from_numpy(lost[:, None, None] & in_rows[:, :, None] & in_columns[:, None, :])
    return images.masked_fill(hole[:, None], 0.0)
