"""NASWOT (Mellor et al. 2021, arXiv:2006.04647v3, §3.2): log |det K|.

K_ij counts the units that are both on or both off in images i and j: all units less the Hamming distance of the codes.
"""

from __future__ import annotations

import numpy as np

from nas.errors import EvaluatorError
from nas.proxies.subject import Subject


def measure(subject: Subject) -> float:
    """log |det K| of the codes of one batch."""
    kernel = subject.forward[2]
    if not kernel.any():
        raise EvaluatorError("no activation that is on or off: no codes to compare")
    found = float(np.linalg.slogdet(kernel)[1])
    if not np.isfinite(found):
        raise EvaluatorError("two images have one code: the determinant is 0")
    return found
