"""Evaluators: what a candidate is worth. One file a kind, one line here."""

from __future__ import annotations

from collections.abc import Sequence

from nas.budget import Budget
from nas.errors import EvaluatorError, unknown
from nas.evaluators.calibrated import CALIBRATED
from nas.evaluators.costs import COSTS
from nas.evaluators.function import PYTHON, Function, FunctionEvaluator
from nas.evaluators.predicted import ACCEL_NASBENCH
from nas.evaluators.score import About, Evaluator, Failure, Member, Score, Task
from nas.evaluators.table import TABLE
from nas.evaluators.trained import TRAIN
from nas.evaluators.zero_cost import ZERO_COST
from nas.options import parse_option, take
from nas.space import Space

EVALUATORS: dict[str, Member] = {
    "accel_nasbench": ACCEL_NASBENCH,
    "calibrated": CALIBRATED,
    "python": PYTHON,
    "table": TABLE,
    "train": TRAIN,
    **COSTS,
    **ZERO_COST,
}


def evaluator_for(choice: str | Function | Evaluator | None, space: Space, budgets: Sequence[Budget] = ()) -> Evaluator:
    """The evaluator of a choice: an option ("name:key=value"), a function, an Evaluator, or None for the space's own.

    It is to score networks of `space`, above all those within `budgets`.
    Raises EvaluatorError for an unknown one, and where the space has none of its own.
    """
    if choice is None:
        if space.evaluator is None:
            raise EvaluatorError(
                f"space {space.name} has no default evaluator; name one: --evaluator python:function=module.name"
            )
        choice = space.evaluator
    if isinstance(choice, str):
        return named_evaluator(choice, Task.of(space, budgets))
    return choice if isinstance(choice, Evaluator) else FunctionEvaluator(choice)


def named_evaluator(option: str, task: Task) -> Evaluator:
    """The evaluator of an option ("name:key=value"); raises EvaluatorError for an unknown one."""
    return made(*parse_option(option), task)


def made(name: str, values: dict[str, str], task: Task) -> Evaluator:
    """The evaluator of a name and the values of its keys; raises EvaluatorError for an unknown one."""
    if name not in EVALUATORS and "." in name:
        raise EvaluatorError(f"no evaluator {name!r}; for a function write python:function={name}")
    if name not in EVALUATORS:
        raise EvaluatorError(unknown("evaluator", name, EVALUATORS))
    member = EVALUATORS[name]
    return member.make(take(values, member.keys, f"evaluator {name}", member.nests), task)


__all__ = [
    "EVALUATORS",
    "About",
    "Evaluator",
    "Failure",
    "Function",
    "FunctionEvaluator",
    "Member",
    "Score",
    "Task",
    "evaluator_for",
    "made",
    "named_evaluator",
]
