"""How far a network is over its budgets, as Optuna spells feasibility: one number a bound, at most 0 where it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING

from nas.budget import Budget

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

# A trial's system attribute. `Trial.set_constraint` (Optuna 5) writes "constraints:NAME", which optuna-dashboard 0.21
# does not read; Optuna 5 reads this older spelling as well.
CONSTRAINTS = "constraints"


def constraints_of(costs: Mapping[str, int], budgets: Sequence[Budget]) -> list[float]:
    """For each bound of each budget the excess as a share of the bound: -0.1 is a tenth below a cap."""
    found = []
    for budget in budgets:
        cost = costs[budget.metric]
        found.append(cost / budget.high - 1)
        if budget.low:
            found.append(1 - cost / budget.low)
    return found


def unmarked(trial: FrozenTrial) -> FrozenTrial:
    """The trial without its constraints: the sampler of a resumed search must see what it saw the first time."""
    if CONSTRAINTS not in trial.system_attrs:
        return trial
    plain = copy(trial)
    plain.system_attrs = {key: value for key, value in trial.system_attrs.items() if key != CONSTRAINTS}
    return plain
