"""Calibration: from 10 to 20 labels, chosen well, to a score with an interval for every network of a space."""

from nas.calibration.cache import LabelCache, default_path
from nas.calibration.calibrating import Calibration, calibrate, calibration, fingerprint
from nas.evaluators.calibrated import Terms

__all__ = ["Calibration", "LabelCache", "Terms", "calibrate", "calibration", "default_path", "fingerprint"]
