"""Asking an evaluator for scores of labelled networks, and judging them."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.budget import Budget, human
from nas.correlation import Floats
from nas.errors import BudgetError, EvaluatorError, FileError
from nas.evaluators.score import About, Evaluator, Failure, Score
from nas.evaluators.table import TableEvaluator
from nas.labels import Labels
from nas.labels.measured import FEWEST
from nas.quality.assessing import DRAWS, baseline_scores, quality_of
from nas.quality.bands import FEWEST as ENOUGH
from nas.quality.bands import WIDTH

ASKED = 500  # networks that are drawn from the labels


@dataclass(frozen=True, eq=False)
class Check:
    """An evaluator's scores (n,) of labelled networks, with the baselines' and `quality_of` them.

    `labels` are those of the networks that have a score, one a network; `reasons` counts why others have none.
    """

    about: About
    labels: Labels
    scores: Floats
    baselines: dict[str, Floats]
    quality: dict[str, Any]
    reasons: dict[str, int]
    seed: int
    seconds: float


def check_evaluator(
    evaluator: Evaluator,
    labels: Labels,
    *,
    n: int = ASKED,
    seed: int = 0,
    width: float = WIDTH,
    budgets: Sequence[Budget] = (),
    draws: int = DRAWS,
) -> Check:
    """How well an evaluator ranks `n` of the labelled networks (0: all), drawn without replacement.

    Networks that it was fitted on are left out where enough others for a band remain; else they count, and the verdict
    says so. Bands are ± `width` of macs, centred where the networks lie or at `budgets`; with these, all networks are
    drawn from within the bands. Raises FileError for labels that leave nothing to rank, and EvaluatorError where fewer
    than 10 of the networks have a score.
    """
    whole, ranges = labels.rankable(), [_range(budget, width) for budget in budgets]
    if ranges:
        macs = whole.space.costs(whole.genomes, ("macs",))["macs"]
        inside = np.any([(low <= macs) & (macs <= high) for low, high in ranges], axis=0)
        if not inside.any():
            raise FileError(
                f"{labels.source}: none of its {len(whole):,} networks lies in the bands of the budgets; they have "
                f"{human(int(macs.min()), 'macs')} to {human(int(macs.max()), 'macs')}"
            )
        whole = whole.take(inside).rankable()
    fitted = fitted_rows(evaluator, whole)
    left_out = int(fitted.sum()) if (~fitted).sum() >= ENOUGH else 0
    if left_out:
        whole, fitted = whole.take(~fitted).rankable(), np.zeros(len(whole) - left_out, dtype=np.bool_)
    if 0 < n < len(whole):
        drawn = np.random.default_rng(seed).choice(len(whole), size=n, replace=False)
        whole, fitted = whole.take(np.sort(drawn)).rankable(), fitted[np.sort(drawn)]
    networks, started = [whole.architecture(row) for row in range(len(whole))], time.perf_counter()
    answers = evaluator.evaluate(networks, seed)
    seconds = time.perf_counter() - started
    reasons = Counter(filter(None, map(_reason, answers)))
    kept = np.array([not _reason(answer) for answer in answers])
    scores = np.array([answer.value for answer in answers if isinstance(answer, Score) and not _reason(answer)])
    if len(scores) < FEWEST:
        why = f": {reasons.most_common(1)[0][0]}" if reasons else ""
        raise EvaluatorError(f"{evaluator.about.name} scored {len(scores)} of {len(networks)} labelled networks{why}")
    judged = whole.take(kept).rankable()
    rivals = baseline_scores(judged)
    quality = quality_of(
        scores,
        judged,
        width=width,
        ranges=ranges or None,
        baselines=rivals,
        spread=labels.spread,
        failed=len(networks) - len(scores),
        seen=int(fitted[kept].sum()),
        left_out=left_out,
        seed=seed,
        draws=draws,
    )
    return Check(evaluator.about, judged, scores, rivals, quality, dict(reasons.most_common()), seed, seconds)


def fitted_rows(evaluator: Evaluator, labels: Labels) -> NDArray[np.bool_]:
    """Which rows tell nothing of the evaluator, because it was made from their results: (n,).

    One that was fitted on networks says so (`fitted_on`); a table knows the results that it repeats (`repeats`).
    """
    if isinstance(evaluator, TableEvaluator):
        return evaluator.repeats(labels)
    fitted_on = getattr(evaluator, "fitted_on", None)
    if fitted_on is None:
        return np.zeros(len(labels), dtype=np.bool_)
    return np.array(fitted_on([labels.architecture(row) for row in range(len(labels))]), dtype=np.bool_)


def _reason(answer: Score | Failure) -> str:
    """Why there is no score; "" where there is one."""
    if isinstance(answer, Failure):
        return answer.reason or "no reason given"
    return "" if math.isfinite(answer.value) else f"returned {answer.value}"


def _range(budget: Budget, width: float) -> tuple[int, int]:
    """The macs of a band: a budget's own range, or ± `width` around a cap."""
    if budget.metric != "macs":
        raise BudgetError(f"budget {budget}: bands are of macs; write 370M-flops or 350M..390M-flops")
    low = budget.low or round(budget.high * (1 - width))
    return low, budget.high if budget.low else round(budget.high * (1 + width))
