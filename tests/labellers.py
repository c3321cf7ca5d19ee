"""A synthetic truth that labels networks of a space, and a fit on its labels."""

from __future__ import annotations

import numpy as np

from nas.calibration import Terms, calibration
from nas.evaluators import Score
from nas.evaluators.score import About


class Labeller:
    """A synthetic truth, additive over the slots of a space, with noise of `noise` standard deviations a run."""

    cheap = False

    def __init__(self, space, truth_seed=0, noise=0.1):
        self.space, self.noise, self.asked = space, noise, []
        rng = np.random.default_rng(truth_seed)
        shared = {}
        self.tables = []
        for slot, size in space.slots.items():
            name = slot.partition(".")[2]
            shared.setdefault(name, rng.normal(size=4))
            self.tables.append(shared[name][:size] + 0.5 * rng.normal(size=size))
        genomes = space.sample(2000, rng=rng)
        self.unit = self._raw(genomes).std()
        self.about = About(name=f"synthetic {truth_seed}", unit="points", fingerprint=f"{truth_seed} {noise}")

    def _raw(self, genomes):
        return np.sum([table[genomes[:, i]] for i, table in enumerate(self.tables)], axis=0)

    def truth(self, genomes):
        return 70 + self._raw(genomes) / self.unit

    def evaluate(self, architectures, seed=0):
        genomes = np.array([self.space.encode(architecture) for architecture in architectures])
        self.asked += [(genome.tobytes(), seed) for genome in genomes]
        keys = [[seed, *genome.tolist()] for genome in genomes]
        noise = [np.random.default_rng(key).normal() * self.noise for key in keys]
        return [self.answer(Score(float(t + e), seed=seed)) for t, e in zip(self.truth(genomes), noise, strict=True)]

    def answer(self, score):
        return score


class Changed(Labeller):
    """The same, with another answer."""

    def __init__(self, space, change):
        super().__init__(space)
        self.answer = change


def fitted(labeller, n=20, seed=0, **terms):
    return calibration(Terms(labeller.space, labeller, n=n, seed=seed, pool=200, **{"top": 0, **terms}))
