"""Which choices matter: from the trials of a search to how much each slot moves the score, all other slots equal.

An additive model, score ≈ mean + one effect a choice, is fitted to the scored trials by ridge regression; the same
model of macs says what a choice costs. Intervals are percentiles of a bootstrap over the trials (Efron & Tibshirani
1993, §13.3), and the share of the variance that the model foretells is cross-validated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nas.space import Genomes

Floats = NDArray[np.float64]

PULL = 1.0  # ridge penalty: as if one trial spoke for "no effect" of each choice
RESAMPLES, FOLDS = 200, 10
SEEN = 5  # a choice that fewer trials made is not judged
FEWEST = 2  # trials for each effect that is estimated; with fewer nothing is told


@dataclass(frozen=True, slots=True)
class Effect:
    """A slot: its best and its worst choice, and what lies between them (90 % interval `low` to `high`)."""

    slot: str
    best: str
    worst: str
    gain: float
    low: float
    high: float
    macs: float  # what the best choice costs more than the worst

    @property
    def told_apart(self) -> bool:
        """Whether the interval lies above 0."""
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Effects:
    """The slots, the most moving first; how many trials they come from; what share of the variance they foretell."""

    rows: tuple[Effect, ...]
    trials: int
    foretold: float
    unjudged: tuple[str, ...]


def effects(
    genomes: Genomes, scores: Floats, macs: Floats, choices: Mapping[str, Sequence[object]], *, seed: int = 0
) -> Effects | None:
    """Effects of the slots of `genomes` (n, slots) on `scores` (n,); None where the trials are too few to say."""
    rng = np.random.default_rng(seed)
    slots, codes = np.array([(s, c) for s, values in enumerate(choices.values()) for c in range(len(values))]).T
    hot = (genomes[:, slots] == codes).astype(np.float64)
    judged = hot.sum(axis=0) >= SEEN
    free = sum(max(0, int(judged[slots == s].sum()) - 1) for s in range(len(choices)))
    if not free or len(scores) < FEWEST * free or np.ptp(scores) == 0:
        return None
    targets = np.stack([scores, macs], axis=1)
    found = _fit(hot, targets, np.ones(len(scores)))
    again = rng.multinomial(len(scores), np.full(len(scores), 1 / len(scores)), size=RESAMPLES)
    resampled = np.array([_fit(hot, targets[:, :1], weights)[:, 0] for weights in again.astype(np.float64)])
    rows, unjudged = [], []
    for number, (slot, values) in enumerate(choices.items()):
        able = np.flatnonzero((slots == number) & judged)
        if len(able) < 2:
            unjudged.append(slot)
            continue
        best, worst = able[found[able, 0].argmax()], able[found[able, 0].argmin()]
        low, high = np.percentile(resampled[:, best] - resampled[:, worst], (5, 95))
        gain, more = (found[best] - found[worst]).tolist()
        names = told(values[codes[best]]), told(values[codes[worst]])
        rows.append(Effect(slot, *names, gain, float(low), float(high), more))
    ordered = sorted(rows, key=lambda row: -row.gain)
    return Effects(tuple(ordered), len(scores), _foretold(hot, scores, rng), tuple(unjudged))


def told(choice: object) -> str:
    """A choice in words; one of several columns at once is their values in a row."""
    return " ".join(map(str, choice)) if isinstance(choice, (tuple, list)) else str(choice)


def _fit(hot: Floats, targets: Floats, weights: Floats) -> Floats:
    """Effects (choices, targets) of a weighted ridge regression with an intercept."""
    share = weights / weights.sum()
    centred, values = hot - share @ hot, targets - share @ targets
    weighted = centred * weights[:, None]
    gram = weighted.T @ centred + PULL * np.eye(hot.shape[1])
    return np.asarray(np.linalg.solve(gram, weighted.T @ values))


def _foretold(hot: Floats, scores: Floats, rng: np.random.Generator) -> float:
    """Cross-validated R² of the additive model."""
    errors = np.empty(len(scores))
    for fold in np.array_split(rng.permutation(len(scores)), min(FOLDS, len(scores))):
        kept = np.ones(len(scores))
        kept[fold] = 0
        mean, base = kept @ scores / kept.sum(), kept @ hot / kept.sum()
        errors[fold] = scores[fold] - mean - (hot[fold] - base) @ _fit(hot, scores[:, None], kept)[:, 0]
    return float(1 - (errors**2).mean() / scores.var())
