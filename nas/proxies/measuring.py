"""Measuring scores of a network: values, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable

from torch import OutOfMemoryError

from nas.errors import NasError
from nas.graph import Graph
from nas.proxies.proxy import Setting, measure_of
from nas.proxies.subject import Subject
from nas.threads import one_thread


def measured(graph: Graph, setting: Setting, seed: int, names: Iterable[str]) -> dict[str, tuple[float, ...] | str]:
    """The parts of each named score of one network (most scores are one number), or why it has none, in one line."""
    try:
        subject = Subject(graph, setting, seed)
    except NasError as error:
        return dict.fromkeys(names, str(error))
    with one_thread():
        return {name: _one(subject, name) for name in names}


def _one(subject: Subject, name: str) -> tuple[float, ...] | str:
    try:
        found = measure_of(name)(subject)
    except NasError as error:
        return f"{name}: {error}"
    except (MemoryError, OutOfMemoryError):
        return f"{name}: out of memory; give a smaller batch or resolution"
    except (RuntimeError, ValueError, ArithmeticError) as error:  # torch's, numpy's and Python's own of odd networks
        lack = "not enough memory" in str(error) or "can't allocate" in str(error)
        told = "out of memory; give a smaller batch or resolution" if lack else f"{type(error).__name__}: {error}"
        return f"{name}: {told.splitlines()[0][:300]}"
    values = found if isinstance(found, tuple) else (found,)
    if not all(map(math.isfinite, values)):
        return f"{name}: the score is not finite ({', '.join(f'{value:g}' for value in values)})"
    return values
