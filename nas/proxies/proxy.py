"""What a zero-cost score is: its formula's file, its settings, and what it cannot do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from nas.errors import EvaluatorError

if TYPE_CHECKING:
    from nas.proxies.subject import Subject

MOST_IMAGES, MOST_PIXELS, MOST_REPEATS = 1024, 2048, 1024


@dataclass(frozen=True, slots=True)
class Setting:
    """How a score is measured: images in the batch, their size in pixels (0: the architecture's own), and repeats."""

    batch: int = 16
    resolution: int = 0
    repeats: int = 1

    def __post_init__(self) -> None:
        for name, least, most in (
            ("batch", 2, MOST_IMAGES),
            ("resolution", 0, MOST_PIXELS),
            ("repeats", 1, MOST_REPEATS),
        ):
            number = getattr(self, name)
            if type(number) is not int or not least <= number <= most:
                raise EvaluatorError(f"{name}={number} is out of bounds; it must lie in {least} to {most:,}")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A zero-cost score: one line on it, what it takes, how it ranked, and the repeats of its formula.

    `seconds` is what EfficientNet-B0 takes on one core (16 images), at 32 and at 224 pixels. `ranks` are the score's
    Spearman with accuracy among networks of equal macs (± 5 %): the 580 of NAS-Bench-Macro at 58M and the 591 of
    Accel-NASBench at 370M (results/calibration.md, 16 images of 32 and 64 pixels); that of AZ-NAS as one score is of
    150 and 60 of them.

    Its file, `nas.proxies.<name>`, has `measure(subject) -> float`, larger is better, in logs where the formula's
    values span orders of magnitude. One of several `parts` has `measure(subject) -> tuple of floats` instead, of which
    it takes other networks to make one score. `version` is raised when the formula changes what it answers.
    """

    summary: str
    seconds: tuple[float, float]
    ranks: tuple[float, float]
    repeats: int = 0  # 0: the formula has none
    fewest: int = 1
    parts: tuple[str, ...] = ()
    version: int = 1

    @property
    def caution(self) -> str:
        """What the score is not."""
        macro, accel = self.ranks
        turns = "flips sign" if macro * accel < 0 else "may rank otherwise on your space"
        return (
            f"a score of the untrained network, no accuracy: at a fixed budget it {turns} (Spearman with accuracy "
            f"{macro:+.2f} in NAS-Bench-Macro at 58M macs, {accel:+.2f} in Accel-NASBench at 370M)"
        )


def measure_of(name: str) -> Callable[[Subject], float | tuple[float, ...]]:
    """The formula of that proxy; torch is loaded here and not before."""
    found: Callable[[Subject], float | tuple[float, ...]] = import_module(f"nas.proxies.{name}").measure
    return found
