"""Does the interval hold at the winner? Fit and optimise on one half of the rows, judge with the other half.

OMP_NUM_THREADS=1 python benchmarks/winners.py --data ../shared/data/accel_nasbench.csv > results/winners.md
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from climbing import best_known
from judges import Judge, gaussian_process, least_squares

import search_spaces
from nas import Budget
from nas.predictor import Predictor
from nas.predictor.data import Rows, read_rows, split
from nas.predictor.fitting import WEIGHTS, fit
from nas.predictor.link import from_link

SPACE = search_spaces.load("efficientnet")
CAPS = (200, 300, 400, 500)  # M macs
SCORERS = {"the predictor": tuple(WEIGHTS.values()), "its ridge alone": (1.0, 0.0), "its trees alone": (0.0, 1.0)}
SWEPT, STARTS = 200_000, 20

HEAD = """# Does the interval hold at the winner?

Written by
`OMP_NUM_THREADS=1 python benchmarks/winners.py --data ../shared/data/accel_nasbench.csv > results/winners.md`
({splits} splits; a quarter of an hour on 2 cores).

Maximising a fitted model picks its errors. So: halve the distinct genomes of Accel-NASBench, fit on one half, find what
that fit likes best under a cap on macs ({swept:,} uniform candidates, then steepest ascent from {starts}), judge the
winner with models that were fitted on the other half only. Each half takes both parts. A cell is
*promise − verdict* in points of top-1 (mean, standard deviation over the {halves} halves), and the share of verdicts
within the interval that was promised. The interval is for one training run; a verdict has no run's noise, but errors of
its own, those of a model fitted on half the rows. The last column needs no judge: the five rows of the other half that
the scorer likes best under the cap (more than 85 % of it used), with the accuracy that they really reached.
"""


def examined(task: tuple[Path, int]) -> list[dict[str, Any]]:
    """Both halves of one split."""
    path, seed = task
    rows = read_rows(path, SPACE)
    half = split(rows.group, 2, np.random.default_rng(seed))
    parts = [rows.take(np.flatnonzero(half == h)) for h in (0, 1)]
    fitted = [Predictor(fit(SPACE, part, seed=seed)) for part in parts]
    judges: list[dict[str, Judge]] = [
        {
            "least squares": least_squares(predictor.features, part),
            "Gaussian process": gaussian_process(part, np.random.default_rng(seed)),
        }
        for predictor, part in zip(fitted, parts, strict=True)
    ]
    return [found for a in (0, 1) for found in winners(fitted[a], fitted[1 - a], judges[1 - a], parts[1 - a], seed)]


def winners(
    seen: Predictor, unseen: Predictor, judges: dict[str, Judge], rest: Rows, seed: int
) -> Iterator[dict[str, Any]]:
    """The winner of every scorer and cap, its promise and the verdicts; and the best real rows of `rest`."""
    own, macs = seen.weights, SPACE.costs(rest.genomes, ("macs",))["macs"] / 1e6
    for name, weights in SCORERS.items():
        seen.weights = np.array(weights)
        for cap in CAPS:
            budget, rng = Budget.parse(f"{cap}M-flops"), np.random.default_rng(seed)
            score = lambda genomes: seen.mean_genomes(SPACE, genomes)  # noqa: E731
            top, _ = best_known(SPACE, score, budget, rng, swept=SWEPT, starts=STARTS)
            promise = seen.predict_genomes(SPACE, top)
            others = unseen.members(unseen.features.codes(top))
            verdicts = {"other predictor": from_link(unseen.weights @ others), "other ridge": from_link(others[0])}
            verdicts |= {"other trees": from_link(others[1])} | {key: judge(top) for key, judge in judges.items()}
            inside = rest.take(np.flatnonzero((macs <= cap) & (macs > 0.85 * cap)))
            real = seen.predict_genomes(SPACE, inside.genomes)
            best = np.argsort(-real.mean)[:5]
            yield {
                "scorer": name,
                "cap": cap,
                "promise": [float(end[0]) for end in promise],
                "verdicts": {key: float(verdict[0]) for key, verdict in verdicts.items()},
                "real": [[float(end[row]) for end in (*real, inside.top1)] for row in best],
            }
    seen.weights = own


def page(found: list[dict[str, Any]]) -> Iterator[str]:
    """One table a scorer: a line a cap."""
    judges = list(found[0]["verdicts"])
    for scorer in SCORERS:
        yield f"\n## Scorer: {scorer}\n"
        yield f"| cap | promise | interval | {' | '.join(judges)} | best real rows |"
        yield "|---|---:|---:|" + "---:|" * (len(judges) + 1)
        for cap in (*CAPS, None):
            rows = [row for row in found if row["scorer"] == scorer and cap in (row["cap"], None)]
            promises = np.array([row["promise"] for row in rows])
            cells = [_cell(promises, np.array([row["verdicts"][judge] for row in rows])) for judge in judges]
            real = np.array([pair for row in rows for pair in row["real"]])
            mean, low, high = promises.mean(axis=0)
            ends = f"{low - mean:+.2f} {high - mean:+.2f}"
            cells.append(_cell(real[:, :3], real[:, 3]))
            yield f"| {f'{cap}M' if cap else 'all'} | {mean:.2f} | {ends} | {' | '.join(cells)} |"


def _cell(promises: np.ndarray, verdicts: np.ndarray) -> str:
    over = promises[:, 0] - verdicts
    inside = (promises[:, 1] <= verdicts) & (verdicts <= promises[:, 2])
    return f"{over.mean():+.2f} ({over.std():.2f}), {inside.mean():.0%}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--splits", type=int, default=8)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    with Pool(args.processes) as pool:
        told = [row for rows in pool.imap(examined, [(args.data, seed) for seed in range(args.splits)]) for row in rows]
    print(HEAD.format(splits=args.splits, halves=2 * args.splits, swept=SWEPT, starts=STARTS).rstrip())
    for line in page(told):
        print(line)
