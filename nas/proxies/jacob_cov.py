"""Jacobian covariance (Mellor et al. 2020, arXiv:2006.04647v1, §3; also Abdelfattah et al. 2021, arXiv:2101.08134).

The rows of J are ∂(sum of outputs)/∂image, one an image; v_i are the eigenvalues of their correlations. The published
score is -Σ (log(v_i + k) + 1/(v_i + k)), at best where no two images pull alike. It spans orders of magnitude, so here
it is -log Σ (…), which ranks the same.
"""

from __future__ import annotations

import numpy as np

from nas.errors import EvaluatorError
from nas.proxies.logs import log
from nas.proxies.subject import Subject, gradients

K = 1e-5  # arXiv:2006.04647v1, eq. 3


def measure(subject: Subject) -> float:
    """-log Σ (log(v + k) + 1/(v + k)) over the eigenvalues v of the correlations between images."""
    images, outputs, _ = subject.forward
    rows = gradients(outputs.sum(), [images], keep=True)[0].flatten(1).double().numpy()
    if not np.isfinite(rows).all() or (rows.std(axis=1) == 0).any():
        raise EvaluatorError("the outputs do not depend on an image, or overflow")
    eigenvalues = np.linalg.eigvalsh(np.corrcoef(rows)).clip(0) + K
    return -log(float((np.log(eigenvalues) + 1 / eigenvalues).sum()), "the correlations have no eigenvalues")
