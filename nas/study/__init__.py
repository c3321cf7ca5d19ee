"""Studies: the only rooms that import optuna."""

from nas.study.result import Baseline, Study, Trial
from nas.study.searching import search

__all__ = ["Baseline", "Study", "Trial", "search"]
