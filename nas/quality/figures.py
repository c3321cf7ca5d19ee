"""Figures of a ranking: scores and labels of n networks -> rank correlations, recall of the best, regret of the pick.

Each takes arrays (sets, n), a set a line, and gives one figure a set: a bootstrap is one call.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nas.correlation import Floats, kendall, spearman

TOP = 0.1  # the share of networks that counts as best


def recall(scores: Floats, labels: Floats) -> Floats:
    """The share of the best tenth by score that is among the best tenth by label.

    Scores that tie at the edge are drawn among, on average; labels that tie there all count as best.
    """
    n = scores.shape[1]
    best = max(1, round(TOP * n))
    edge = np.partition(scores, n - best, axis=1)[:, [n - best]]
    above, tied = scores > edge, scores == edge
    room = best - above.sum(axis=1, keepdims=True)
    chosen = above + tied * room / tied.sum(axis=1, keepdims=True)
    relevant = labels >= np.partition(labels, n - best, axis=1)[:, [n - best]]
    return np.asarray((chosen * relevant).sum(axis=1) / best)


def regret(scores: Floats, labels: Floats) -> Floats:
    """The best label less the label of the network of highest score (their mean, where several tie)."""
    top = scores == scores.max(axis=1, keepdims=True)
    return np.asarray(labels.max(axis=1) - (labels * top).sum(axis=1) / top.sum(axis=1))


def regret_share(scores: Floats, labels: Floats) -> Floats:
    """The regret as a share of what the best gains over the mean: 0 is the best pick, 1 one at random."""
    gain = labels.max(axis=1) - labels.mean(axis=1)
    return np.asarray(regret(scores, labels) / np.where(gain > 0, gain, 1.0))


FIGURES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "spearman": spearman,
    "kendall": kendall,
    "recall_top10": recall,
    "regret": regret,
    "regret_share": regret_share,
}
