"""Zero-cost scores as features of a fit: measured for some networks of a pool, foretold for all others.

Measuring takes a second or more a network. Nearly all of a score's spread over a space is that of the table's columns
and of the costs, so that a ridge on the measured ones foretells the scores of thousands of networks in milliseconds;
results/calibration.md says how well, and what it costs in ranks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nas.calibration.cache import append_line, kept_lines
from nas.calibration.features import FeatureMap, Floats
from nas.lowering import Description, lower
from nas.proxies import PROXIES, Setting, columns, features
from nas.space import Genomes, Space

SCHEMA = "nascli.zero-cost/1"
VERSION = ".".join(str(proxy.version) for proxy in PROXIES.values())  # those of another formula are measured again
MOST_PIXELS = 64  # of the images: time grows with their area, and most scores look at weights and codes
PENALTY = 0.01  # of the ridge; R² on NAS-Bench-Macro is the same from 1e-4 to 1e-1
EVERY = 50  # networks between two lines of progress

NAMES = tuple(column for name in PROXIES for column in columns(name))


class Key(NamedTuple):
    """What scores are of: the digest of the network's graph, how they are measured, the seed."""

    digest: str
    setting: str
    seed: int


class ScoreCache:
    """Zero-cost scores by key: those of the file, if there is one, and those kept since. None where one failed."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._kept: dict[Key, list[float | None]] = {}
        for told in kept_lines(path, SCHEMA) if path is not None and path.exists() else ():
            try:
                key = Key(str(told["digest"]), str(told["setting"]), int(told["seed"]))
                scores = [told["scores"][name] for name in NAMES]
                self._kept[key] = [None if score is None else float(score) for score in scores]
            except (ValueError, KeyError, TypeError):
                continue

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key, ask: Callable[[], list[float | None]]) -> list[float | None]:
        """The scores of a key: the kept ones, else what `ask` answers, which is kept unless all failed."""
        if key not in self._kept:
            scores = ask()
            if all(score is None for score in scores):
                return scores
            self._kept[key] = scores
            if self.path is not None:
                told = {"scores": dict(zip(NAMES, scores, strict=True))}
                append_line(self.path, {"schema": SCHEMA, **key._asdict(), **told})
        return self._kept[key]


def measured(
    space: Space,
    networks: Genomes,
    seed: int = 0,
    path: Path | None = None,
    progress: Callable[[str], None] = lambda told: None,
) -> dict[str, Floats]:
    """Zero-cost scores of networks by name, (n,) each, NaN where one failed; kept for ever in the file `path`."""
    cache, found, asked, started = ScoreCache(path), [], 0, time.perf_counter()

    def ask(architecture: Description, setting: Setting) -> list[float | None]:
        nonlocal asked
        asked += 1
        scores = features([architecture], space.num_classes, space.in_chans, seed=seed, setting=setting)
        if (asked == 1 and len(networks) > EVERY) or asked % EVERY == 0:
            seconds = (time.perf_counter() - started) / asked
            progress(f"zero-cost scores of {len(networks)} networks: {asked} measured, {seconds:.1f} s each")
        values = [float(scores[name][0]) for name in NAMES]
        return [value if np.isfinite(value) else None for value in values]

    for genome in networks:
        architecture = space.decode(genome)
        setting = Setting(batch=16, resolution=min(MOST_PIXELS, architecture.resolution), repeats=2)
        digest = lower(architecture, space.num_classes, space.in_chans).digest()
        manner = ",".join([VERSION, *(f"{name}={value}" for name, value in asdict(setting).items())])
        found.append(cache.get(Key(digest, manner, seed), partial(ask, architecture, setting)))
    return dict(zip(NAMES, np.array(found, dtype=np.float64).reshape(-1, len(NAMES)).T, strict=True))


class ZeroCost:
    """Genomes -> zero-cost scores by name, (n,) each: the `scores` that were measured of networks, else a ridge's.

    `plain` are the features that they are foretold from. What failed is NaN where it was measured, and is left out of
    the ridge; a score that hardly any network has is NaN everywhere.
    """

    def __init__(self, plain: FeatureMap, networks: Genomes, scores: Mapping[str, Floats]) -> None:
        self._plain, self._scores = plain, dict(scores)
        self._row = {genome.tobytes(): row for row, genome in enumerate(networks)}
        design = self._design(networks)
        fits = {name: _ridge(design, values) for name, values in scores.items()}
        self._weights = {name: weights for name, (weights, _) in fits.items()}
        self.r2 = {name: r2 for name, (_, r2) in fits.items()}
        """Of each score over those networks, each left out once; None where too few have the score."""

    def __call__(self, genomes: Genomes) -> dict[str, Floats]:
        genomes = self._plain.space.checked(genomes)
        row = np.array([self._row.get(genome.tobytes(), -1) for genome in genomes], dtype=np.intp)
        design = self._design(genomes)
        foretold = {name: design @ weights for name, weights in self._weights.items()}
        return {name: np.where(row < 0, foretold[name], values[row]) for name, values in self._scores.items()}

    def _design(self, genomes: Genomes) -> Floats:
        return np.concatenate([np.ones((len(genomes), 1)), *self._plain(genomes).values()], axis=1)


def _ridge(design: Floats, values: Floats) -> tuple[Floats, float | None]:
    """Weights of a ridge whose first column bears no penalty, and its leave-one-out R².

    A left-out residual is the residual over 1 - leverage (Allen 1974, doi:10.1080/00401706.1974.10489157).
    """
    kept = np.isfinite(values)
    x, y = design[kept], values[kept]
    if len(y) < 3:
        return np.full(design.shape[1], np.nan), None
    inverse = np.linalg.inv(x.T @ x + PENALTY * np.diag(np.arange(design.shape[1]) > 0))
    weights = inverse @ (x.T @ y)
    left_out = (y - x @ weights) / (1 - ((x @ inverse) * x).sum(axis=1))
    spread = ((y - y.mean()) ** 2).sum()
    return weights, None if spread == 0 else round(float(1 - (left_out**2).sum() / spread), 4)
