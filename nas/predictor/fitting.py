"""Fitting the predictor on training results: both families on all rows, and an interval from out-of-fold errors."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.errors import FileError
from nas.files import document
from nas.predictor.data import Rows, marks, split
from nas.predictor.features import FeatureMap
from nas.predictor.link import Floats, to_link
from nas.predictor.predicting import SCHEMA, Predictor
from nas.predictor.ridge import RidgeFit, fit_ridge
from nas.predictor.trees import Growth, fit_trees
from nas.space import SearchSpace

WEIGHTS = {"ridge": 0.8, "trees": 0.2}  # the blend without bias beyond the training frontier (results/predictor.md)
COVERAGE = 0.91  # of the out-of-fold errors, for a 90 % interval: one point against uneven bands
FOLDS = 5
FEWEST = 200  # rows: 50 hyper-parameters come from them


class Families(NamedTuple):
    """Both families' coefficients, and the ridge's by-products."""

    ridge: RidgeFit
    trees: dict[str, Any]


def fit_families(features: FeatureMap, rows: Rows, seed: int, hyper: Floats | None = None) -> Families:
    """Ridge and trees on the same rows; given `hyper`, the ridge keeps those hyper-parameters."""
    rng, codes, u = np.random.default_rng(seed), features.codes(rows.genomes), to_link(rows.top1)
    inputs = np.concatenate([rows.genomes, features.totals(codes)], axis=1)
    ridge = fit_ridge(features, codes, u, rng, hyper)
    return Families(ridge, fit_trees(inputs, u, rows.genomes.shape[1], Growth(), rng))


def fit(space: SearchSpace, rows: Rows, *, seed: int = 0, **about: str) -> dict[str, Any]:
    """The coefficient document of a predictor for architectures of `space`; `about` goes into it as it is.

    Raises FileError for fewer than FEWEST rows.
    """
    if len(rows.top1) < FEWEST or rows.group.max() < FOLDS:
        raise FileError(f"{len(rows.top1)} rows are too few to fit on; at least {FEWEST} are needed")
    features = FeatureMap(space)
    whole = fit_families(features, rows, seed)
    codes, u = features.codes(rows.genomes), to_link(rows.top1)
    costs = features.costs(codes).astype(int)
    posterior = [[round(float(v), 4) for v in table] for table in whole.ridge.log_posterior_variance]
    interval: dict[str, Any] = {"probability": 0.9, "width": 1.0, "noise_variance": [0.0] * 8}
    body = {
        **about,
        "rows": len(u),
        "weights": WEIGHTS,
        "interval": {**interval, "log_posterior_variance": posterior},
        "domain": {
            "space": json.loads(space.to_json()),
            "macs": [int(costs[:, 0].min()), int(costs[:, 0].max())],
            "params": [int(costs[:, 1].min()), int(costs[:, 1].max())],
        },
        "ridge": whole.ridge.document,
        "trees": whole.trees,
        "fitted_on": sorted(set(marks(rows.genomes))),
    }
    told = document(SCHEMA, body)
    fold, members = split(rows.group, FOLDS, np.random.default_rng(seed)), np.zeros((2, len(u)))
    for k in range(FOLDS):
        part = fit_families(features, rows.take(np.flatnonzero(fold != k)), seed, whole.ridge.hyper)
        judge = Predictor({**told, "ridge": part.ridge.document, "trees": part.trees})
        members[:, fold == k] = judge.members(codes[fold == k])
    predictor = Predictor(told)
    error, known = u - predictor.weights @ members, predictor.model_variance(codes, members)
    se_stages = features.se_stages(codes)
    noise = np.array([float(f"{v:.4g}") for v in _noise_by_se(error, known, se_stages)])
    width = np.quantile(np.abs(error) / np.sqrt(noise[se_stages] + known), COVERAGE)
    told["interval"] |= {"noise_variance": noise.tolist(), "width": round(float(width), 4)}
    return told


def _noise_by_se(error: Floats, known: Floats, se_stages: NDArray[np.intp]) -> Floats:
    """Link variance of one run for 0 … 7 stages with SE: its own value for 0, a straight line from 1 to 7.

    Least squares on squared out-of-fold errors less the variance already `known`; errors beyond 4 robust standard
    deviations (diverged or interrupted runs) count as 4.
    """
    limit = 4 * 1.4826 * np.median(np.abs(error))
    square = np.minimum(np.abs(error), limit) ** 2 - known
    with_se = se_stages > 0
    none, line = square[~with_se].mean(), np.polyfit(se_stages[with_se], square[with_se], 1)
    return np.asarray(np.maximum(np.append(none, np.polyval(line, np.arange(1, 8))), none / 2))


def coefficient_text(told: dict[str, Any]) -> str:
    """The document as JSON with one line per entry of the two upper levels, which people can read and diff."""
    lines = []
    for key, value in told.items():
        if isinstance(value, dict):
            inner = (f'"{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in value.items())
            lines.append(f' "{key}": {{\n  ' + ",\n  ".join(inner) + "\n }")
        else:
            lines.append(f' "{key}": {json.dumps(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"
