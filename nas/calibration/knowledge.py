"""What is known of a pool without labels: its features, with the zero-cost scores that were measured so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from nas.calibration.features import FeatureMap, Floats
from nas.calibration.zero_cost import ZeroCost
from nas.space import Genomes, Space

Measure = Callable[[Genomes], Mapping[str, Floats]]


class Knowledge:
    """The features of a pool; with `scoring`, zero-cost scores of the members that were asked for are among them.

    Those of all other networks, of the pool too, are foretold.
    """

    def __init__(self, space: Space, pool: Genomes, scoring: Measure | None = None) -> None:
        self.pool = pool
        self._plain = FeatureMap(space, pool)
        self._scoring = scoring
        self._members: list[int] = []
        self._scores: dict[str, Floats] = {}
        self.features = self._plain
        """Of any network of the space."""
        self.of_pool = self._plain(pool)
        """Groups of features of the pool's members."""
        self.r2: Mapping[str, float | None] = {}
        """Of the zero-cost scores that were foretold for measured ones left out."""

    @property
    def measured(self) -> int:
        """Members whose zero-cost scores were measured."""
        return len(self._members)

    def measure(self, members: Iterable[int]) -> None:
        """Measure the zero-cost scores of members that have none yet, and foretell those of the others anew."""
        fresh = [member for member in dict.fromkeys(members) if member not in self._members]
        if self._scoring is None or not fresh:
            return
        found = self._scoring(self.pool[fresh])
        self._scores = {name: np.concatenate([self._scores.get(name, []), values]) for name, values in found.items()}
        self._members += fresh
        zero_cost = ZeroCost(self._plain, self.pool[self._members], self._scores)
        self.r2 = zero_cost.r2
        self.features = FeatureMap(self._plain.space, self.pool, zero_cost)
        self.of_pool = self.features(self.pool)
