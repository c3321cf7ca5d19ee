"""Labels of networks of NAS-Bench-Macro's space, made up: what tests of rankings share."""

from __future__ import annotations

import numpy as np

import search_spaces
from nas.labels.measured import Labels

MACRO = search_spaces.load("nasbench_macro")
GENOMES = np.unique(MACRO.sample(400, rng=np.random.default_rng(0)), axis=0)
MACS = MACRO.costs(GENOMES, ("macs",))["macs"]
COSTS = {name: values.astype(float) for name, values in MACRO.costs(GENOMES, ("params", "macs")).items()}
FEW = 40  # draws of a bootstrap that is not looked at closely


def labels_of(values, genomes=GENOMES) -> Labels:
    values = np.asarray(values, dtype=np.float64)
    return Labels(MACRO, genomes[: len(values)], values.reshape(len(values), -1), "mine.csv")


def additive(seed=0, noise=0.0):
    """Labels that are sums over slots, which neither macs nor params tell."""
    rng = np.random.default_rng(seed)
    worth = rng.normal(size=(GENOMES.shape[1], 3))
    truth = worth[np.arange(GENOMES.shape[1]), GENOMES].sum(axis=1)
    return truth + noise * rng.normal(size=len(truth))
