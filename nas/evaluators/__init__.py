"""Evaluators: what a candidate is worth. One file a kind, one line here."""

from __future__ import annotations

from collections.abc import Callable

from nas.errors import EvaluatorError, unknown
from nas.evaluators.function import Function, FunctionEvaluator, imported
from nas.evaluators.predicted import PredictorEvaluator
from nas.evaluators.score import About, Evaluator, Failure, Score
from nas.options import parse_option, take
from nas.predictor import PREDICTORS
from nas.space import Space


def _python(values: dict[str, str]) -> Evaluator:
    if "function" not in take(values, ("function",), "evaluator python"):
        raise EvaluatorError("evaluator python: write python:function=package.module.name")
    return imported(values["function"])


def _predictor(name: str) -> Callable[[dict[str, str]], Evaluator]:
    def made(values: dict[str, str]) -> Evaluator:
        take(values, (), f"evaluator {name}")
        return PredictorEvaluator(name)

    return made


# name -> from the option's values to an evaluator
EVALUATORS: dict[str, Callable[[dict[str, str]], Evaluator]] = {
    "python": _python,
    **{name: _predictor(name) for name in PREDICTORS},
}


def evaluator_for(choice: str | Function | Evaluator | None, space: Space) -> Evaluator:
    """The evaluator of a choice: an option ("name:key=value"), a function, an Evaluator, or None for the space's own.

    Raises EvaluatorError for an unknown one, and where the space has none of its own.
    """
    if choice is None:
        if space.evaluator is None:
            raise EvaluatorError(
                f"space {space.name} has no default evaluator; name one: --evaluator python:function=module.name"
            )
        choice = space.evaluator
    if isinstance(choice, str):
        return named_evaluator(choice)
    return choice if isinstance(choice, Evaluator) else FunctionEvaluator(choice)


def named_evaluator(option: str) -> Evaluator:
    """The evaluator of an option ("name:key=value"); raises EvaluatorError for an unknown one."""
    name, values = parse_option(option)
    if name not in EVALUATORS and "." in name:
        raise EvaluatorError(f"no evaluator {name!r}; for a function write python:function={name}")
    if name not in EVALUATORS:
        raise EvaluatorError(unknown("evaluator", name, EVALUATORS))
    return EVALUATORS[name](values)


__all__ = [
    "EVALUATORS",
    "About",
    "Evaluator",
    "Failure",
    "Function",
    "FunctionEvaluator",
    "Score",
    "evaluator_for",
    "named_evaluator",
]
