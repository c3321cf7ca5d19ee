"""The ridge's columns: products of slot contrasts within a stage and across two stages, and the totals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nas.predictor.features import PAIRS, TOTALS, Codes, FeatureMap
from nas.predictor.link import Floats

MAX_RANK = 3  # of a pair's two factors together: linear × linear, linear × quadratic, or linear × (linear × linear)
TRIANGLE = np.triu_indices(len(TOTALS))


class Terms(NamedTuple):
    """Names of the stage and pair terms; how often each column's log variance counts each knob; where knobs start.

    Knobs: one a stage, slot and degree; then the orders' levels (stage, pair), the charge for every further slot
    within a stage, and the levels of the totals and of their products.
    """

    names: list[str]
    knobs: Floats
    start: Floats


def terms(features: FeatureMap) -> Terms:
    """All products within a stage, and those of two stages up to MAX_RANK; then the totals and their products."""
    singles = ((b, name) for b in range(7) for name in features.basis[b].names if "." not in name)
    knob = {single: i for i, single in enumerate(singles)}
    stage, pair, depth, linear, quadratic = range(len(knob), len(knob) + 5)
    names: list[str] = []
    rows: list[Floats] = []

    def add(order: int, *parts: tuple[int, str]) -> None:
        row = np.zeros(len(knob) + 5)
        for b, name in parts:
            for contrast in name.split("."):
                row[knob[b, contrast]] += 1
            row[depth] += name.count(".")
        row[order] = 1
        names.append(" ".join(f"{b}.{name}" for b, name in parts))
        rows.append(row)

    for b in range(7):
        for name in features.basis[b].names:
            add(stage, (b, name))
    for a, b in PAIRS:
        for name, rank in zip(features.basis[a].names, features.basis[a].ranks, strict=True):
            for other, rank_other in zip(features.basis[b].names, features.basis[b].ranks, strict=True):
                if rank + rank_other <= MAX_RANK:
                    add(pair, (a, name), (b, other))
    both = np.zeros((len(TOTALS) + len(TRIANGLE[0]), len(knob) + 5))
    both[: len(TOTALS), linear] = both[len(TOTALS) :, quadratic] = 1
    start = np.full(len(knob) + 5, -1.0)
    start[[stage, pair, depth, linear, quadratic]] = -3, -7.5, -2.5, -5, -9
    return Terms(names, np.concatenate([np.array(rows), both]), start)


class Scaling(NamedTuple):
    """Standardisation of the totals and of their products, from the training rows."""

    mean: Floats
    sd: Floats
    product_sd: Floats


def design(
    features: FeatureMap, codes: Codes, names: list[str], scaling: Scaling | None = None
) -> tuple[Floats, Scaling]:
    """(n, terms + totals + products) columns, not centred."""
    column = [dict(zip(basis.names, basis.table.T, strict=True)) for basis in features.basis]
    f = np.empty((len(codes), len(names) + len(TOTALS) + len(TRIANGLE[0])))
    for i, name in enumerate(names):
        parts = [(int(part[0]), part[2:]) for part in name.split(" ")]
        f[:, i] = np.prod([column[b][term][codes[:, b]] for b, term in parts], axis=0)
    totals = features.totals(codes)
    mean, sd = (scaling.mean, scaling.sd) if scaling else (totals.mean(axis=0), totals.std(axis=0))
    z = (totals - mean) / sd
    products = z[:, TRIANGLE[0]] * z[:, TRIANGLE[1]]
    scaling = scaling or Scaling(mean, sd, products.std(axis=0))
    f[:, len(names) :] = np.concatenate([z, products / scaling.product_sd], axis=1)
    return f, scaling
