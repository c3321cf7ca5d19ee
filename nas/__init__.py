"""nascli's engine: search spaces, budgets, graphs, cost, compilation.

Importing it loads neither torch nor optuna; each name below loads its room when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nas.version import __version__

if TYPE_CHECKING:
    from nas import predictor, zoo
    from nas.architecture import Architecture
    from nas.budget import Budget
    from nas.evaluators.score import Score
    from nas.graph import Cost, Graph, cost
    from nas.lowering import lower
    from nas.multiplying import multiply
    from nas.space import CellSpace, SearchSpace
    from nas.study import Study, search

_ROOMS = {
    "Architecture": "nas.architecture",
    "Budget": "nas.budget",
    "CellSpace": "nas.space",
    "Cost": "nas.graph",
    "Graph": "nas.graph",
    "Score": "nas.evaluators.score",
    "SearchSpace": "nas.space",
    "Study": "nas.study",
    "cost": "nas.graph",
    "lower": "nas.lowering",
    "multiply": "nas.multiplying",
    "search": "nas.study",
}
_MODULES = ("predictor", "zoo")

__all__ = [
    "Architecture",
    "Budget",
    "CellSpace",
    "Cost",
    "Graph",
    "Score",
    "SearchSpace",
    "Study",
    "__version__",
    "cost",
    "lower",
    "multiply",
    "predictor",
    "search",
    "zoo",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(_ROOMS[name]), name)
    if name in _MODULES:
        return import_module(f"nas.{name}")
    raise AttributeError(f"module 'nas' has no attribute {name!r}")
