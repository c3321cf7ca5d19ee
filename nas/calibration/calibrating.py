"""Calibration: a few labels, chosen well, make an evaluator of a whole space."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nas.budget import Budget, read_budgets
from nas.calibration.cache import SCORES, LabelCache, name_of
from nas.calibration.choosing import most_promising, prior_covariance, spread_out
from nas.calibration.features import FeatureMap, Floats
from nas.calibration.gaussian import Kernels, rows
from nas.calibration.labelling import FEWEST, Labelling, Progress
from nas.calibration.models import Fit, Groups, fit, gaussian
from nas.calibration.zero_cost import VERSION as MEASURED
from nas.calibration.zero_cost import ZeroCost, measured
from nas.errors import EvaluatorError, InfeasibleError
from nas.evaluators.calibrated import CalibratedEvaluator, Terms, costly
from nas.evaluators.function import Function
from nas.evaluators.score import Evaluator
from nas.space import Genomes, Space

POOL = 500
MOST = 500  # labels; the averaging over draws of the prior inverts matrices of that size
SPREAD = 0.8  # of the labels are spread over the pool, the others go to the most promising; see results/calibration.md
VERSION = "2"  # of the fit: another one scores differently


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
    foretold: Mapping[str, float | None]  # zero-cost scores that are features, and the R² of those foretold

    def predict(self, genomes: Genomes) -> tuple[Floats, Floats, Floats]:
        """Worth, and the ends of a 90 % interval for one more label, of genomes (n, slots): arrays of (n,)."""
        belief = self.fit.model(self.features(genomes))
        half = self.fit.width * belief.label_sd
        return belief.mean, belief.mean - half, belief.mean + half

    @property
    def quality(self) -> dict[str, Any]:
        """What cross-validation over the labels found, for records; "n" labels are few, so these figures are rough."""
        return {
            "n": len(self.labels),
            "spearman": self.fit.spearman,
            "rmse": round(self.fit.error, 4),
            "model": self.fit.family,
            "rmse_of_models": {name: round(error, 4) for name, error in self.fit.errors.items()},
            "labels_sd": round(float(self.labels.std()), 4),
            "asked": self.asked,
            "failed": self.failed,
            "pool": len(self.pool),
            **({"zero_cost_r2": dict(self.foretold)} if self.foretold else {}),
        }


def known_only(labeller: Evaluator) -> Genomes | None:
    """The networks of a labeller that has answers for some only, such as a table; None: it answers for any."""
    return getattr(labeller, "genomes", None)


def draw_pool(
    space: Space, labeller: Evaluator, budgets: Sequence[Budget], size: int, rng: np.random.Generator
) -> Genomes:
    """Up to `size` distinct networks within the budgets; of a labeller that knows only some networks, of those."""
    if (known := known_only(labeller)) is None:
        drawn = space.sample(size, budgets, rng=rng)
    else:
        drawn = known[rng.permutation(len(known))]
        for budget in budgets:
            cost = space.costs(drawn, (budget.metric,))[budget.metric]
            drawn = drawn[(budget.low <= cost) & (cost <= budget.high)]
        if not len(drawn):
            wanted = " and ".join(map(str, budgets))
            raise InfeasibleError(f"{labeller.about.name}: none of its {len(known):,} networks is within {wanted}")
    first = np.sort(np.unique(drawn, axis=0, return_index=True)[1])
    return np.asarray(drawn[first[:size]])


def calibration(
    terms: Terms,
    *,
    rng: np.random.Generator | None = None,
    pool: Genomes | None = None,
    scores: Mapping[str, Floats] | None = None,
    fitting: Callable[[Groups, Floats, Floats, np.random.Generator], Fit] = fit,
    progress: Progress = lambda told: None,
) -> Calibration:
    """Label some networks of a pool within the budgets, and fit what they are worth.

    Four fifths of the labels are spread over the pool, the others go to the most promising network, one at a time. A
    network whose label failed is replaced, up to `n` times. `rng` is that of `terms.seed` where none is given; `pool`
    is drawn, and with `terms.proxies` its zero-cost `scores` are measured, where they are not given. Raises
    EvaluatorError where the labels bear no fit.
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
    features = FeatureMap(space, pool)
    if not features.groups:
        raise EvaluatorError(f"calibrated: the {len(pool)} networks of {space.name} within the budgets are all alike")
    zero_cost = None
    if terms.proxies:
        if scores is None:
            scores = measured(space, pool, terms.seed, terms.scores, progress)
        zero_cost = ZeroCost(features, pool, scores)
        features = FeatureMap(space, pool, zero_cost)
    known = features(pool)
    told = Labelling(space, pool, terms.labeller, LabelCache(terms.cache), progress)
    n = min(terms.n, len(pool))
    macs = space.costs(pool, ("macs",))["macs"].astype(np.float64)
    first = spread_out(prior_covariance(Kernels(features.groups), known), macs, max(FEWEST, round(SPREAD * n)), rng)
    told.ask(first, terms.seed, "spread over the pool")
    while len(told.members) < n and told.asked < min(2 * n, len(pool)):
        told.ask([_next(told, known, rng)], terms.seed, "most promising")
    told.check()
    found = fitting(rows(known, np.array(told.members)), told.values, told.runs, rng)
    if terms.top and terms.seeds:
        order = np.argsort(-found.model(known).mean, kind="stable")
        top = [int(member) for member in order if member not in told.failures][: terms.top]
        if known_only(terms.labeller) is not None:  # it says the same for every seed
            told.ask([member for member in top if member not in told.scores], terms.seed, "best believed")
        else:
            for further in range(terms.seeds):
                told.ask(top, terms.seed + 1 + further, "best believed, another seed")
        found = fitting(rows(known, np.array(told.members)), told.values, told.runs, rng)
    return Calibration(
        space=space,
        features=features,
        fit=found,
        pool=pool,
        labelled=pool[told.members],
        labels=told.values,
        runs=told.runs,
        asked=told.asked,
        failed=len(told.failures),
        foretold=zero_cost.r2 if zero_cost else {},
    )


def calibrate(
    space: Space,
    labeller: str | Function | Evaluator,
    budgets: Sequence[Budget | str] = (),
    n: int = 20,
    *,
    rng: np.random.Generator,
    top: int = 5,
    seeds: int = 2,
    proxies: bool | None = None,
    cache: str | Path | None = None,
    progress: Progress = lambda told: None,
) -> CalibratedEvaluator:
    """An evaluator of `space`, fitted on `n` labels of `labeller` (as `nas.search` takes it) within the budgets.

    The `top` best believed are labelled again with `seeds` more seeds. `proxies`: zero-cost scores are features too;
    None: where a label costs more than they do. With `cache`, a file, no label is ever asked for twice, nor is a
    network's score measured twice (zero_cost.jsonl beside it). Raises EvaluatorError where the labels bear no fit,
    InfeasibleError where nothing fits the budgets.
    """
    kept = None if cache is None else Path(cache)
    from nas.evaluators import evaluator_for  # which knows this room

    within, seed = tuple(read_budgets(budgets)), int(rng.integers(2**31))
    labeller = evaluator_for(labeller, space, within)
    proxies = costly(labeller) if proxies is None else proxies
    beside = None if kept is None else kept.with_name(SCORES)
    terms = Terms(space, labeller, within, n, top, seeds, POOL, seed, proxies, kept, beside)
    return CalibratedEvaluator(terms, calibration(terms, progress=progress))


def _next(told: Labelling, known: dict[str, Floats], rng: np.random.Generator) -> int:
    """The next member to label: the most promising, or any where nothing is known yet."""
    if len(told.members) < 2 or np.ptp(told.values) == 0:
        untried = [i for i in range(len(told.pool)) if i not in told.scores and i not in told.failures]
        return int(rng.choice(untried))
    model = gaussian(rows(known, np.array(told.members)), told.values, told.runs)
    return most_promising(model(known), told.members, list(told.failures))


def fingerprint(terms: Terms) -> str:
    """Changes when the labels of a calibration, or its fit, could."""
    parts = [VERSION, terms.space.to_json(), name_of(terms.labeller.about), *map(str, terms.budgets)]
    parts += [f"{key}={getattr(terms, key)}" for key in ("n", "top", "seeds", "pool", "seed", "proxies")]
    parts += [MEASURED] if terms.proxies else []
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
