"""The errors of nascli: each one is bad input, told in one line that says what, where and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class NasError(ValueError):
    """Bad input. The message is one line for a person; the command line prints it and exits with 2."""


class GraphError(NasError):
    """A graph that is not one: an unknown input, a cycle, shapes that do not fit."""


class ArchitectureError(NasError):
    """A table of stages that describes no network."""


class SpaceError(NasError):
    """A search space that does not exist, or whose table is not well formed."""


class BudgetError(NasError):
    """A budget that cannot be read."""


class ScaleError(NasError):
    """A scaling that has no result."""


class EvaluatorError(NasError):
    """An evaluator that does not exist, or is asked outside its domain."""


class SpaceNeededError(EvaluatorError):
    """An evaluator that is made for a space, and was given none."""


class StudyError(NasError):
    """A study that cannot be started or resumed."""


class TrainingError(NasError):
    """A recipe that is none, or a training that cannot go on."""


class ExportError(NasError):
    """A network that cannot be written as another kind of file."""


class LatencyError(NasError):
    """A latency that cannot be measured or predicted."""


class FileError(NasError):
    """A file that cannot be read or written as what it should be."""


class InfeasibleError(NasError):
    """No architecture of the space fits the budgets; the command line exits with 3."""


def unknown(what: str, name: object, known: Iterable[str]) -> str:
    """One line for a `name` that is not among the `known`, with the closest first: those that begin with it, if any."""
    names = sorted(known)
    begun = [one for one in names if len(str(name)) > 2 and one.startswith(str(name))]
    close = begun[:3] or difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    shown = ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    return f"no {what} {name!r}; {hint}known: {shown}"
