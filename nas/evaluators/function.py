"""A user's own function as an evaluator."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

from nas.errors import EvaluatorError
from nas.evaluators.score import About, Evaluator, Failure, Member, Score, Task, checked
from nas.lowering import Description

Function = Callable[[Any], Any]  # of an Architecture, or of what else the space decodes to


class FunctionEvaluator:
    """Calls `function(architecture)`: it returns a number (larger is better), a Score, or (value, low, high).

    An exception fails that candidate only; its reason is kept.
    """

    cheap = False

    def __init__(self, function: Function, name: str = "") -> None:
        self.function = function
        name = name or f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', repr(function))}"
        self.about = About(name=f"python:function={name}", fingerprint=_fingerprint(function, name))

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        return [self._one(architecture, seed) for architecture in architectures]

    def _one(self, architecture: Description, seed: int) -> Score | Failure:
        started = time.perf_counter()
        try:
            with redirect_stdout(sys.stderr):  # stdout is for results
                answer = checked(self.function(architecture))
        except (Exception, SystemExit) as error:  # the user's code may raise anything; only this candidate fails
            return Failure(f"{type(error).__name__}: {error}".splitlines()[0][:300])
        if isinstance(answer, Failure):
            return answer
        return replace(answer, seconds=answer.seconds or time.perf_counter() - started, seed=seed)


def _fingerprint(function: Function, name: str) -> str:
    """The name and a hash of the file that defines the function, where there is one: an edit makes it another."""
    try:
        source = Path(inspect.getsourcefile(function) or "").read_bytes()
    except (TypeError, OSError):
        return name
    return f"{name} of source {hashlib.sha256(source).hexdigest()[:8]}"


def imported(function: str) -> FunctionEvaluator:
    """The evaluator for a function named "package.module.name"; the current folder is searched too."""
    module_name, dot, name = function.rpartition(".")
    if not dot:
        raise EvaluatorError(f"python:function={function}: write it as python:function=module.name")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = getattr(importlib.import_module(module_name), name)
    except ImportError as error:
        raise EvaluatorError(f"python:function={function}: cannot import {module_name} ({error})") from None
    except AttributeError:
        raise EvaluatorError(f"python:function={function}: {module_name} has no {name}") from None
    if not callable(found):
        raise EvaluatorError(f"python:function={function}: {name} is not a function")
    return FunctionEvaluator(found, function)


def _made(values: dict[str, str], task: Task) -> Evaluator:
    if "function" not in values:
        raise EvaluatorError("evaluator python: write python:function=package.module.name")
    return imported(values["function"])


PYTHON = Member(
    _made, "a Python function of an Architecture", {"function": "package.module.name"}, speed="your function's"
)
