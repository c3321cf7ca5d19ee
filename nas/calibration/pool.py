"""The networks that the labelled ones are chosen from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas.budget import Budget
from nas.calibration.terms import known_only
from nas.errors import InfeasibleError
from nas.evaluators.score import Evaluator
from nas.space import Genomes, Space


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
