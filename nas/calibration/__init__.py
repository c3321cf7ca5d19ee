"""Calibration: from 10 to 20 labels, chosen well, to a score with an interval for every network of a space."""

from nas.calibration.cache import LabelCache, default_path
from nas.calibration.calibrating import Calibration, calibration, fingerprint
from nas.calibration.evaluator import CalibratedEvaluator, calibrate
from nas.calibration.terms import Terms

__all__ = [
    "CalibratedEvaluator",
    "Calibration",
    "LabelCache",
    "Terms",
    "calibrate",
    "calibration",
    "default_path",
    "fingerprint",
]
