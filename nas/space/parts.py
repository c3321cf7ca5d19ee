"""The parts of a genome: the choice of resolution, then one part a stage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Option = TypeVar("Option")


@dataclass(frozen=True)
class Part(Generic[Option]):
    """Slots `start` to `start + len(radix)` of a genome, and what each combination of them means.

    `spelled` has one meaning per combination, the last slot varying fastest. Several combinations may mean
    the same (a column that the chosen block lacks); the first is the canonical spelling.
    """

    spelled: tuple[Option, ...]
    start: int
    radix: tuple[int, ...]

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """The distinct meanings, in order of their canonical spelling."""
        return tuple(dict.fromkeys(self.spelled))

    @cached_property
    def number(self) -> dict[Option, int]:
        """Meaning -> option number."""
        return {option: n for n, option in enumerate(self.options)}

    @cached_property
    def option_of(self) -> NDArray[np.intp]:
        """Combination number -> option number."""
        return np.array([self.number[option] for option in self.spelled], dtype=np.intp)

    @cached_property
    def choices(self) -> NDArray[np.int8]:
        """Option number -> its canonical slots: (options, slots)."""
        first: dict[Option, int] = {}
        for n, option in enumerate(self.spelled):
            first.setdefault(option, n)
        combinations = list(product(*map(range, self.radix)))
        return np.array([combinations[n] for n in first.values()], dtype=np.int8).reshape(len(first), len(self.radix))

    def changes(self, option: int) -> NDArray[np.intp]:
        """How many slots differ between an option and each one: (options,)."""
        return np.asarray((self.choices != self.choices[option]).sum(axis=1), dtype=np.intp)

    @property
    def slots(self) -> slice:
        """The columns of a genome array."""
        return slice(self.start, self.start + len(self.radix))

    def code(self, genomes: NDArray[np.int8]) -> NDArray[np.intp]:
        """Option numbers of genomes: (n, slots of the whole genome) -> (n,)."""
        raw = np.zeros(len(genomes), dtype=np.int16)
        for column, size in zip(range(self.start, self.start + len(self.radix)), self.radix, strict=True):
            raw *= np.int16(size)
            raw += genomes[:, column]
        if len(self.options) == len(self.spelled):
            return raw.astype(np.intp)
        return self.option_of[raw]
