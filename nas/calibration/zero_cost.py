"""Zero-cost scores as features of a fit: measured once a network, a second or so each."""

from __future__ import annotations

import numpy as np

from nas.calibration.features import Floats
from nas.proxies import Setting, features
from nas.space import Genomes, Space

MOST_PIXELS = 64  # of the images: time grows with their area, and most scores look at weights and codes


class ZeroCost:
    """Genomes -> zero-cost scores by name, (n,) each; what was measured is kept."""

    def __init__(self, space: Space, seed: int = 0) -> None:
        self.space, self.seed = space, seed
        self._kept: dict[bytes, dict[str, float]] = {}

    def __call__(self, genomes: Genomes) -> dict[str, Floats]:
        found = [self._one(genome) for genome in genomes]
        return {name: np.array([scores[name] for scores in found]) for name in found[0]} if found else {}

    def _one(self, genome: Genomes) -> dict[str, float]:
        if (key := genome.tobytes()) not in self._kept:
            architecture = self.space.decode(genome)
            setting = Setting(batch=16, resolution=min(MOST_PIXELS, architecture.resolution), repeats=2)
            space = self.space
            scores = features([architecture], space.num_classes, space.in_chans, seed=self.seed, setting=setting)
            self._kept[key] = {name: float(values[0]) for name, values in scores.items()}
        return self._kept[key]
