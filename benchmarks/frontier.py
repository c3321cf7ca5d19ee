"""The predictor and its alternatives out of fold, and beyond the training frontier: fit on the poor, predict the good.

OMP_NUM_THREADS=1 python benchmarks/frontier.py --data ../shared/data/accel_nasbench.csv > results/frontier.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from judges import gaussian_process, least_squares
from scipy.stats import spearmanr

import search_spaces
from nas.predictor import Predictor
from nas.predictor.data import Rows, read_rows, split
from nas.predictor.fitting import fit
from nas.space import Genomes

SPACE = search_spaces.load("efficientnet")
BLENDS = {"ridge": (1, 0), "0.9 / 0.1": (0.9, 0.1), "0.8 / 0.2": (0.8, 0.2), "0.7 / 0.3": (0.7, 0.3), "trees": (0, 1)}
SHIPPED = "0.8 / 0.2"
CUTS = (0.5, 0.8, 0.9)
TESTED = ((0.9, 0.95), (0.95, 0.99), (0.99, 1.0))
FOLDS = 5

HEAD = """# The predictor and its alternatives, with real labels

Written by
`OMP_NUM_THREADS=1 python benchmarks/frontier.py --data ../shared/data/accel_nasbench.csv > results/frontier.md`
(some minutes).

## Out of fold

{folds} folds by distinct genome. Columns are weights of ridge / trees (0.8 / 0.2 ships), then models of other kinds.

| figure | {names} | least squares | Gaussian process |
|---|{rules}---:|---:|
| Spearman | {spearman} |
| mean absolute error, points | {mae} |
| the same, 5 % best predicted | {best} |
| bias there (prediction − measured), points | {bias} |

## Beyond the training frontier

A search's winner is better for its macs than any row that the predictor was fitted on. So: sort the rows of
Accel-NASBench by *excess* (out-of-fold prediction minus its cubic trend in log macs; it only divides the rows), fit on
the worst, and predict the best. *Beyond* is how many points the tested rows lie above the best fitted one. A cell is
*prediction − measured* in points, mean, and the share of measured values within the 90 % interval.

| fitted on | tested on | n | beyond | {names} | least squares | Gaussian process |
|---|---|---:|---:|{rules}---:|---:|"""


Answers = dict[str, np.ndarray]  # by blend or model: (3, n) mean, low, high


def answers(seen: Rows, asked: Genomes) -> Answers:
    """What every blend and model, fitted on `seen`, says of the genomes (low and high only where it has them)."""
    predictor, found = Predictor(fit(SPACE, seen)), {}
    for name, blend in BLENDS.items():
        predictor.weights = np.array(blend)
        found[name] = np.array(predictor.predict_genomes(SPACE, asked))
    judges = (least_squares(predictor.features, seen), gaussian_process(seen, np.random.default_rng(0)))
    for name, judge in zip(("least squares", "Gaussian process"), judges, strict=True):
        found[name] = np.array([judge(asked)])
    return found


def held_out(rows: Rows) -> Answers:
    """Out-of-fold answers."""
    part = split(rows.group, FOLDS, np.random.default_rng(0))
    folds = [answers(rows.take(np.flatnonzero(part != k)), rows.genomes[part == k]) for k in range(FOLDS)]
    order = np.argsort(np.concatenate([np.flatnonzero(part == k) for k in range(FOLDS)]))
    return {name: np.concatenate([fold[name] for fold in folds], axis=1)[:, order] for name in folds[0]}


def head(found: Answers, top1: np.ndarray) -> str:
    """The first table."""
    means = {name: answer[0] for name, answer in found.items()}
    best = {name: np.argsort(-mean)[: len(mean) // 20] for name, mean in means.items()}
    lines = {
        "spearman": [f"{spearmanr(mean, top1)[0]:.4f}" for mean in means.values()],
        "mae": [f"{np.abs(mean - top1).mean():.3f}" for mean in means.values()],
        "best": [f"{np.abs(mean - top1)[best[name]].mean():.3f}" for name, mean in means.items()],
        "bias": [f"{(mean - top1)[best[name]].mean():+.3f}" for name, mean in means.items()],
    }
    cells = {key: " | ".join(line) for key, line in lines.items()}
    return HEAD.format(folds=FOLDS, names=" | ".join(BLENDS), rules="---:|" * len(BLENDS), **cells)


def main(path: Path) -> None:
    rows = read_rows(path, SPACE)
    log_macs = np.log(SPACE.costs(rows.genomes, ("macs",))["macs"])
    found = held_out(rows)
    print(head(found, rows.top1))
    score = found[SHIPPED][0]
    excess = score - np.polyval(np.polyfit(log_macs, score, 3), log_macs)
    for cut in CUTS:
        told = answers(rows.take(np.flatnonzero(excess < np.quantile(excess, cut))), rows.genomes)
        for low, high in TESTED:
            inside = (excess >= np.quantile(excess, low)) & (excess <= np.quantile(excess, high))
            cells = [_cell(answer[:, inside], rows.top1[inside]) for answer in told.values()]
            beyond = f"{excess[inside].mean() - np.quantile(excess, cut):.1f}"
            tested = f"{low:.0%} to {high:.0%}"
            print(f"| worst {cut:.0%} | {tested} | {inside.sum()} | {beyond} | {' | '.join(cells)} |", flush=True)


def _cell(answer: np.ndarray, top1: np.ndarray) -> str:
    text = f"{(answer[0] - top1).mean():+.2f}"
    return text if len(answer) == 1 else f"{text}, {((answer[1] <= top1) & (top1 <= answer[2])).mean():.0%}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    main(parser.parse_args().data)
