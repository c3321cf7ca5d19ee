"""Calibration: a few labels, chosen well, make an evaluator of a whole space."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from nas.calibration.cache import LabelCache, name_of
from nas.calibration.choosing import most_promising, prior_covariance, spread_out
from nas.calibration.features import FeatureMap, Floats
from nas.calibration.gaussian import Kernels, rows
from nas.calibration.knowledge import Knowledge, Measure
from nas.calibration.labelling import FEWEST, Labelling, Progress
from nas.calibration.models import Fit, Groups, fit, gaussian
from nas.calibration.pool import draw_pool
from nas.calibration.terms import Terms, known_only
from nas.calibration.zero_cost import VERSION as FORMULAS
from nas.calibration.zero_cost import measured
from nas.errors import EvaluatorError
from nas.space import Genomes, Space

MOST = 500  # labels; the averaging over draws of the prior inverts matrices of that size
SPREAD = 0.8  # of the labels are spread over the pool, the others go to the most promising; see results/calibration.md
EARLY = 2  # labels that are asked for before any zero-cost score: a labeller that cannot work ends it here
MEASURED = 100  # networks of the pool, spread over its macs, whose zero-cost scores are measured
VERSION = "3"  # of the fit: another one scores differently

Fitting = Callable[[Groups, Floats, Floats, np.random.Generator], Fit]


@dataclass(frozen=True, eq=False)
class Calibration:
    """A fit on labels of a pool, and what it can say of any network of the space."""

    space: Space
    features: FeatureMap
    fit: Fit
    pool: Genomes
    labelled: Genomes
    labels: Floats
    runs: Floats
    asked: int
    failed: int
    measured: int  # networks whose zero-cost scores were measured
    foretold: Mapping[str, float | None]  # zero-cost scores that are features, and the R² of those foretold

    def predict(self, genomes: Genomes) -> tuple[Floats, Floats, Floats]:
        """Worth, and the ends of a 90 % interval for one more label, of genomes (n, slots): arrays of (n,)."""
        belief = self.fit.model(self.features(genomes))
        half = self.fit.width * belief.label_sd
        return belief.mean, belief.mean - half, belief.mean + half

    @property
    def quality(self) -> dict[str, Any]:
        """What cross-validation over the labels found, for records; "n" labels are few, so these figures are rough."""
        told = {
            "n": len(self.labels),
            "spearman": self.fit.spearman,
            "rmse": round(self.fit.error, 4),
            "model": self.fit.family,
            "rmse_of_models": {name: round(error, 4) for name, error in self.fit.errors.items()},
            "labels_sd": round(float(self.labels.std()), 4),
            "asked": self.asked,
            "failed": self.failed,
            "pool": len(self.pool),
            "best_labelled": self.best_labelled,
        }
        zero_cost = {"zero_cost_measured": self.measured, "zero_cost_r2": dict(self.foretold)} if self.foretold else {}
        return told | zero_cost

    @property
    def best_labelled(self) -> dict[str, Any]:
        """The network of the highest label: the mean of its runs, how many these are, its digest and its costs."""
        best = int(self.labels.argmax())
        genome = self.labelled[best]
        return {
            "label": float(self.labels[best]),
            "runs": int(self.runs[best]),
            "digest": self.space.graph(genome).digest(),
            **self.space.cost(genome),
        }


def calibration(
    terms: Terms,
    *,
    rng: np.random.Generator | None = None,
    pool: Genomes | None = None,
    scoring: Measure | None = None,
    fitting: Fitting = fit,
    progress: Progress = lambda told: None,
) -> Calibration:
    """Label some networks of a pool within the budgets, and fit what they are worth.

    Four fifths of the labels are spread over the pool, the others go to the most promising network, one at a time. A
    network whose label failed is replaced, up to `n` times. `rng` is that of `terms.seed` where none is given; `pool`
    is drawn where it is not given. With `terms.proxies`, `scoring` measures the zero-cost scores of networks that are
    labelled and of others spread over the pool. Raises EvaluatorError where the labels bear no fit.
    """
    space, rng = terms.space, rng or np.random.default_rng(terms.seed)
    if terms.n < FEWEST:
        raise EvaluatorError(f"calibrated: n={terms.n}: no fit has fewer than {FEWEST} labels; 10 to 20 are usual")
    if terms.n > MOST:
        raise EvaluatorError(
            f"calibrated: n={terms.n}: above {MOST} labels fit a model of your own; 10 to 20 are usual"
        )
    if pool is None:
        pool = draw_pool(space, terms.labeller, terms.budgets, terms.pool, rng)
    scoring = scoring or partial(measured, space, seed=terms.seed, path=terms.scores, progress=progress)
    known = Knowledge(space, pool, scoring if terms.proxies else None)
    if not known.features.groups:
        raise EvaluatorError(f"calibrated: the {len(pool)} networks of {space.name} within the budgets are all alike")
    told = Labelling(space, pool, terms.labeller, LabelCache(terms.cache), progress)
    progress(terms.cost(len(pool)))
    try:
        found = _fitted(terms, known, told, fitting, rng)
    except KeyboardInterrupt:
        progress(_kept(terms, told))
        raise
    return Calibration(
        space=space,
        features=known.features,
        fit=found,
        pool=pool,
        labelled=pool[told.members],
        labels=told.values,
        runs=told.runs,
        asked=told.asked,
        failed=len(told.failures),
        measured=known.measured,
        foretold=known.r2,
    )


def _fitted(terms: Terms, known: Knowledge, told: Labelling, fitting: Fitting, rng: np.random.Generator) -> Fit:
    """Ask for the labels, one kind after the other, and fit them."""
    size = len(told.pool)
    n, macs = min(terms.n, size), terms.space.costs(told.pool, ("macs",))["macs"].astype(np.float64)
    prior = prior_covariance(Kernels(known.features.groups), known.of_pool)
    first = spread_out(prior, macs, min(max(FEWEST, round(SPREAD * n)), size), rng)
    waiting = list(first)
    while waiting and (told.asked < EARLY or not told.scores):
        told.ask([waiting.pop(0)], terms.seed, "spread over the pool")
        if told.asked == FEWEST and not told.scores:
            told.check()
    known.measure([*(spread_out(prior, macs, min(MEASURED, size), rng) if terms.proxies else ()), *first])
    told.ask(waiting, terms.seed, "spread over the pool")
    while len(told.members) < n and told.asked < min(2 * n, size):
        if told.ask([chosen := _next(told, known.of_pool, rng)], terms.seed, "most promising"):
            known.measure([chosen])
    told.check()

    def fitted() -> Fit:
        return fitting(rows(known.of_pool, np.array(told.members)), told.values, told.runs, rng)

    if not (terms.top and terms.seeds):
        return fitted()
    order = np.argsort(-fitted().model(known.of_pool).mean, kind="stable")
    top = [int(member) for member in order if member not in told.failures][: terms.top]
    known.measure(top)
    if known_only(terms.labeller) is not None:  # it says the same for every seed
        told.ask([member for member in top if member not in told.scores], terms.seed, "best believed")
    else:
        for further in range(terms.seeds):
            told.ask(top, terms.seed + 1 + further, "best believed, another seed")
    return fitted()


def _next(told: Labelling, known: dict[str, Floats], rng: np.random.Generator) -> int:
    """The next member to label: the most promising, or any where nothing is known yet."""
    if len(told.members) < 2 or np.ptp(told.values) == 0:
        untried = [i for i in range(len(told.pool)) if i not in told.scores and i not in told.failures]
        return int(rng.choice(untried))
    model = gaussian(rows(known, np.array(told.members)), told.values, told.runs)
    return most_promising(model(known), told.members, list(told.failures))


def _kept(terms: Terms, told: Labelling) -> str:
    """What an interrupted calibration leaves."""
    runs = sum(map(len, told.scores.values()))
    if terms.cache is None:
        return f"stopped; no file keeps labels of {terms.labeller.about.name}"
    return f"stopped; {runs} label{'s' * (runs != 1)} kept in {terms.cache}; the same command goes on from there"


def fingerprint(terms: Terms) -> str:
    """Changes when the labels of a calibration, or its fit, could."""
    parts = [VERSION, terms.space.to_json(), name_of(terms.labeller.about), *map(str, terms.budgets)]
    parts += [f"{key}={getattr(terms, key)}" for key in ("n", "top", "seeds", "pool", "seed", "proxies")]
    parts += [FORMULAS] if terms.proxies else []
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
