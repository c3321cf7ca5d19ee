"""Predictors of accuracy, fitted on published training results; each ships as a small readable coefficient file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from nas.errors import EvaluatorError, unknown
from nas.files import parse_json, read_text
from nas.predictor.predicting import Prediction, Predictor, read_predictor

FOLDER = Path(__file__).parent
PREDICTORS = ("accel_nasbench",)  # <name>.json beside this file


@lru_cache(maxsize=4)
def load(name: str) -> Predictor:
    """The predictor of that name; raises EvaluatorError for an unknown one."""
    if name not in PREDICTORS:
        raise EvaluatorError(unknown("predictor", name, PREDICTORS))
    path = FOLDER / f"{name}.json"
    return read_predictor(parse_json(read_text(path), str(path)))


__all__ = ["PREDICTORS", "Prediction", "Predictor", "load"]
