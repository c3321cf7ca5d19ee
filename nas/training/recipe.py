"""Recipes: everything that decides how a network is trained, and what is known of the ranking that follows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from nas.errors import TrainingError, unknown
from nas.training.schedules import SCHEDULES

OPTIMISERS = ("sgd", "adamw")
AMP = ("auto", "on", "off")
SHORT_WARMUP = 0.3  # of the epochs
VERSION = 1  # of the code that trains: raise it when the same recipe, images and seed end with other weights


@dataclass(frozen=True)
class Recipe:
    """A complete schedule: every training begins with a warm-up and ends at a rate of 0.

    `epochs` are passes over `images` training images (a fixed draw; 0: all of them) in batches of `batch`. `rate` is
    the highest learning rate, reached after `warmup` epochs; `schedule` says how it goes on, and `cooldown` is the
    share of the epochs in which a trapezoid falls. `decay` (of weights) spares biases and norms. `crop` is the margin
    of the random crop as a share of the side, `flip` the horizontal one (1: yes), `mixup` the α of its Beta
    distribution, `erasing` the chance that an image loses a rectangle, `smoothing` that of the labels. `ema` averages
    the weights with that decay a step (0: not), and the average is what is judged. `amp`: bfloat16 where "auto" expects
    a gain (GPUs; on CPUs it cost time: results/training.md).
    """

    epochs: int = 16
    images: int = 0
    batch: int = 64
    optimiser: str = "sgd"
    rate: float = 0.1
    momentum: float = 0.9
    decay: float = 5e-4
    warmup: float = 1.0
    schedule: str = "cosine"
    cooldown: float = 0.25
    smoothing: float = 0.1
    crop: float = 0.07
    flip: int = 1
    mixup: float = 0.0
    erasing: float = 0.0
    ema: float = 0.0
    amp: str = "auto"

    def __post_init__(self) -> None:
        for key, (low, high) in BOUNDS.items():
            if not low <= getattr(self, key) <= high:  # NaN too
                raise TrainingError(f"recipe: {key}={getattr(self, key):g} lies outside {low:g} to {high:g}")
        for key, known in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES), ("amp", AMP)):
            if getattr(self, key) not in known:
                raise TrainingError(f"recipe: {unknown(key, getattr(self, key), known)}")
        if self.warmup >= self.trunk:
            raise TrainingError(
                f"recipe: a warm-up of {self.warmup:g} epochs leaves nothing of {self.epochs} ({self.schedule}); "
                "take fewer (warmup=…) or more epochs"
            )

    @property
    def trunk(self) -> int:
        """Epochs after which the rate depends on how many there will be: what a longer training can continue from."""
        falls = SCHEDULES[self.schedule].falls
        return self.epochs if not falls else self.epochs - max(1, round(self.cooldown * self.epochs))

    @property
    def extensible(self) -> bool:
        """Whether a longer training has the same steps up to `trunk`."""
        return SCHEDULES[self.schedule].falls

    @property
    def digest(self) -> str:
        """Eight characters that change with any field."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]

    def changed(self, values: Mapping[str, str]) -> Recipe:
        """With fields as the option grammar spells them; TrainingError for what is no such value.

        With fewer epochs and no word on the warm-up it takes a third of them at most.
        """
        found: dict[str, Any] = {}
        for key, text in values.items():
            kind = KINDS[key]
            try:
                found[key] = kind(text)
            except ValueError:
                what = "a whole number" if kind is int else "a number"
                raise TrainingError(f"recipe: {key}={text!r} must be {what}") from None
        if "epochs" in found and "warmup" not in found:
            found["warmup"] = min(self.warmup, SHORT_WARMUP * found["epochs"])
        return replace(self, **found)


BOUNDS: dict[str, tuple[float, float]] = {
    "epochs": (1, 10_000), "images": (0, 2**31), "batch": (2, 2**16), "rate": (1e-8, 100), "momentum": (0, 0.9999),
    "decay": (0, 10), "warmup": (0, 1000), "cooldown": (0, 1), "smoothing": (0, 0.9), "crop": (0, 0.5), "flip": (0, 1),
    "mixup": (0, 10), "erasing": (0, 1), "ema": (0, 0.99999),
}  # fmt: skip
KINDS: dict[str, Callable[[str], Any]] = {one.name: type(one.default) for one in fields(Recipe)}


@dataclass(frozen=True)
class Named:
    """A recipe with its name's meaning, and what was measured of it: {} where it was never validated."""

    recipe: Recipe
    summary: str
    quality: Mapping[str, Any]


def named_recipe(name: str) -> Named:
    """A recipe of the registry; TrainingError for an unknown one."""
    if name not in RECIPES:
        raise TrainingError(unknown("recipe", name, RECIPES))
    return RECIPES[name]


RECIPES: dict[str, Named] = {
    "full": Named(Recipe(epochs=16), "sixteen epochs over all images", {}),
    "quick": Named(
        Recipe(epochs=3, images=10_000, warmup=0.3, crop=0.0),
        "three epochs over 10,000 images: the cheapest that was seen to rank (results/training.md)",
        {
            "seed_to_seed": 0.82,
            "seed_to_seed_interval": [0.60, 0.91],
            "n": 20,
            "data": "ecd4336ef44cabb4",
            "note": "its seeds agree at Spearman 0.82 (0.60 to 0.91) on 20 networks of one budget of Fashion-MNIST",
        },
    ),
}
