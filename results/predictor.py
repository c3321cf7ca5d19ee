"""Write results/predictor.md: how good the shipped predictor is, from the figures in its coefficient file.

python results/predictor.py
"""

from __future__ import annotations

from pathlib import Path

from nas import predictor

HERE = Path(__file__).parent

PAGE = """# The predictor `accel_nasbench`

Written by `python results/predictor.py`; `tests/test_results.py` fails when it is stale. The figures are those of the
coefficient file, which `nascli predictor fit --data accel_nasbench.csv --out nas/predictor/accel_nasbench.json` writes
(five minutes; the table: github.com/afzalxo/Accel-NASBench at 42603572, re-laid as one row a network).

{note}

## On rows that it has not seen

{n:,} rows; {folds} folds by distinct genome, each predicted by a refit without its fold (interval included).

| figure | measured | floor |
|---|---:|---:|
| Spearman | {spearman:.4f} | 0.985 |
| Kendall | {kendall:.4f} | |
| mean absolute error, points | {mae:.3f} | 0.36 |
| 90 % interval covers | {coverage90:.1%} | 85 to 95 % |
| … among the 5 % best predicted | {coverage90_best:.1%} | 85 to 95 % |
| bias among the 5 % best predicted, points | {bias_best:+.3f} | |

| macs | rows | Spearman | floor | 90 % interval covers |
|---|---:|---:|---:|---:|
{bands}

The same in another table: `nascli predictor check --data FILE.csv`; rows that the fit has seen are counted and flagged.

## What it is

top-1 is predicted through the link u = (1 − top1/100)^−1.5, in which effects of choices add up (highest evidence among
log, 1, 1.5, 2 and 3). u is 0.8 × ridge + 0.2 × trees:

- **ridge**: products of slot contrasts within a stage and across two stages, and a quadratic in logs of macs, params,
  layers, receptive field and SE layers over the whole network and its thirds; some 2,200 coefficients, whose penalties
  come from some 50 hyper-parameters by maximum evidence;
- **trees**: boosted oblivious trees on the slots and the same totals.

The interval is u ± width × sd. Its variance adds one run's noise (measured out of fold; grows with the number of stages
with squeeze-excite), the ridge's posterior, and the families' disagreement.

## The optimiser's curse

A search looks for the network whose error flatters it most. Three checks, each by a command:

- **At the winner** (`results/winners.md`): fit and optimise on one half, judge with models fitted on the other half.
  The ridge alone promises more than its judges find, the blend a little more; its interval holds at the winner.
- **Beyond the training frontier, with real labels** (`results/frontier.md`): fitted on networks that are poor for their
  macs, asked for the good ones. The ridge alone is too bold, the trees far too timid, 0.8 / 0.2 is without bias.
- **Ties** (`nascli search`): the winner is chosen for fewest macs among networks that the interval cannot tell apart,
  and all of them are listed.

## What was tried and not kept

Out of fold, `results/frontier.md` shows them side by side:

- *A pairwise least-squares fit with one penalty*: the usual choice; larger errors, and at the winner over-promises that
  vary more. Penalties by slot and order are what the shipped ridge adds.
- *The ridge alone*: nearly the blend's accuracy, but too bold beyond the frontier, and an interval that holds less.
- *Trees alone*: they rank well where rows are dense, and hardly extrapolate.
- *A Gaussian process over the slots* as a further family: no better than the ridge, and far slower on ten million
  candidates; it stays as a judge (`benchmarks/judges.py`).
"""


def render() -> str:
    """The page."""
    told = predictor.load("accel_nasbench").document
    bands = "\n".join(
        f"| {band['center_macs'] / 1e6:.0f}M ± 5 % | {band['n']} | {band['spearman']:.4f} | 0.97 "
        f"| {band['coverage90']:.1%} |"
        for band in told["quality"]["bands"]
    )
    return PAGE.format(note=told["note"], **{**told["quality"], "bands": bands})


if __name__ == "__main__":
    (HERE / "predictor.md").write_text(render())
