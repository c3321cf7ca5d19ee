"""How many evaluations a search needs: the default against others, on a table and on a surrogate.

OMP_NUM_THREADS=1 python benchmarks/search_efficiency.py

Writes results/search_efficiency.json, .md and .png. Runs that the JSON file holds are not made again, but for those of
nascli's own samplers where their code has changed since.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from search_methods import METHODS, OURS, EnoughError, Tally
from search_problems import GROWTH, PROBLEMS, STARTS, SWEPT, TOP, held_out

import nas
from nas.files import write_text

RESULTS = Path(__file__).resolve().parents[1] / "results"
RAW, PAGE, PICTURE = (RESULTS / f"search_efficiency.{kind}" for kind in ("json", "md", "png"))
SEEDS = 50
POINTS = (5, 8, 10, 12, 15, 20, 25, 30, 40, 50, 65, 80, 100, 125, 150, 175, 200)
SHOWN = (50, 100, 200)
STUDY = Path(nas.__file__).parent / "study"
PROPOSERS = ("candidates", "modelled", "proposing", "samplers", "surrogate")
CODE = sha256(b"".join((STUDY / f"{name}.py").read_bytes() for name in PROPOSERS)).hexdigest()[:16]
GOAL = 34  # evaluations: the best median of the reference, climbing on the whole table
REFERENCE = {  # medians measured by others: whole table / at most 60M macs
    "random": "631 / 354", "aging evolution": "64 / 87", "climbing": "34 / 364", "Optuna TPE": "50 / 192",
    "Optuna NSGA-II": "209 / 256", "GP-EI, one-hot": "46 / 42", "ridge loop, one-hot": "42 / 41",
}  # fmt: skip

HEAD = """# How many evaluations a search needs

Written by `OMP_NUM_THREADS=1 python benchmarks/search_efficiency.py` (hours on one core; {seeds} seeds). The sampler
was developed on other seeds, and chosen on NAS-Bench-Macro, but for three constants: how often it steps from the best
(the surrogate was looked at too), when it begins anew, and how long one model serves (both by searches of 4,000 trials
with the predictor, which was fitted on the same table as the surrogate).

*Found*: evaluations until a member of the best 0.1 % is met. On NAS-Bench-Macro that is one of the best {top} (0.1 % of
3,969 networks; within 60M macs the best {top} of 2,225), on the surrogate the best 0.1 % of {swept:,} uniform feasible
draws. *Regret*: how far the best so far stays below the best there is (on the surrogate: below the best of these draws
and of steepest ascent, one or two slots at once, from {starts} of them), in points of accuracy, mean over the seeds.
In brackets and behind ±: 90 % bootstrap intervals over the seeds. `> n`: not yet after n evaluations, where runs end.

Evaluations count distinct networks within the cap. Plain Optuna proposes repeated ones and ones over the cap too; they
are answered and not counted. The surrogate is boosted trees on the 28 slots ({trees} trees of depth {depth}; Spearman
{held_out:.3f} on a fifth of Accel-NASBench that they were not fitted on): another class of model than any proposer's.
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS))
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    arguments = parser.parse_args()
    raw = stored()
    for key in arguments.problems:
        problem = None
        for name in arguments.methods:
            runs = raw.setdefault(key, {"code": CODE, "runs": {}})["runs"].setdefault(name, [])
            for seed in range(len(runs), arguments.seeds):
                problem = problem or PROBLEMS[key]()
                raw[key].update(name=problem.name, best=problem.best, found=problem.found)
                method, most = METHODS[name]
                tally = Tally(problem, max(POINTS), most)
                with suppress(EnoughError):
                    method(problem, tally, seed)
                best = problem.best - np.maximum.accumulate(tally.scores)
                regret = [round(float(best[min(n, len(best)) - 1]), 4) for n in POINTS]
                runs.append({"found": tally.found, "regret": regret})
            write_text(RAW, json.dumps(raw, separators=(",", ":")) + "\n")
            print(key, name, np.median(found_of(runs)), flush=True)
    write_text(PAGE, page(raw))
    picture(raw).savefig(PICTURE, dpi=130)


def stored() -> dict[str, Any]:
    """Runs of before, by problem; runs of samplers whose code has changed are left out."""
    raw: dict[str, Any] = json.loads(RAW.read_text()) if RAW.exists() else {}
    for found in raw.values():
        if found.get("code") != CODE:
            found.update(code=CODE, runs={name: runs for name, runs in found["runs"].items() if name not in OURS})
    return raw


def ordered(found: dict[str, Any]) -> dict[str, Any]:
    """The runs of a problem, method by method."""
    return {name: found["runs"][name] for name in METHODS}


def found_of(runs: Sequence[dict[str, Any]]) -> NDArray[np.float64]:
    """Evaluations until found; infinite where a run ended without."""
    return np.array([run["found"] or np.inf for run in runs])


def bootstrap(values: NDArray[np.float64], statistic: Any) -> tuple[float, float]:
    """The 90 % interval of a statistic over seeds."""
    rows = np.random.default_rng(0).integers(len(values), size=(2000, len(values)))
    low, high = np.sort(statistic(values[rows], axis=1))[[100, 1899]]
    return float(low), float(high)


def page(raw: dict[str, Any]) -> str:
    """The Markdown page."""
    seeds = min(len(runs) for found in raw.values() for runs in found["runs"].values())
    told = HEAD.format(
        seeds=seeds, top=TOP, swept=SWEPT, starts=STARTS, trees=GROWTH.trees, depth=GROWTH.depth, held_out=held_out()
    )
    return "\n".join([told, *verdicts(raw), *(line for found in raw.values() for line in table(found)), PICTURED])


PICTURED = f"""
Medians that others measured on NAS-Bench-Macro with programs of their own (whole table / within 60M macs):
{"; ".join(f"{name} {text}" for name, text in list(REFERENCE.items())[:4])};
{"; ".join(f"{name} {text}" for name, text in list(REFERENCE.items())[4:])}.

![Mean regret against evaluations](search_efficiency.png)
"""


def verdicts(raw: dict[str, Any]) -> list[str]:
    """Whether the default reaches what was asked of it, problem by problem."""
    goal = f"finds after (goal: {GOAL})"
    lines = [f"| problem | default {goal} | its regret after 50, 100, 200 at most the best other's |", "|---|---|---|"]
    for found in raw.values():
        ours, *others = ordered(found)
        middle = np.median(found_of(found["runs"][ours]))
        cells = []
        for n in SHOWN:
            mine = regrets(found["runs"][ours], n).mean()
            rival = min(others, key=lambda name, n=n: regrets(found["runs"][name], n).mean())
            least = regrets(found["runs"][rival], n).mean()
            told = "yes" if mine <= least + 5e-4 else "**no**"
            cells.append(f"{told} ({mine:.3f}; {rival} {least:.3f})")
        lines.append(f"| {found['name']} | {middle:g}: {'yes' if middle <= GOAL else '**no**'} | {', '.join(cells)} |")
    return lines


def regrets(runs: Sequence[dict[str, Any]], n: int) -> NDArray[np.float64]:
    """The regret of each run after n evaluations."""
    return np.array([run["regret"][POINTS.index(n)] for run in runs])


def table(found: dict[str, Any]) -> list[str]:
    """One problem: a row a method."""
    head = " | ".join(f"regret after {n}" for n in SHOWN)
    lines = [f"\n## {found['name']}\n", f"| search | found after, median | {head} |", "|---|---:|---:|---:|---:|"]
    for name, runs in ordered(found).items():
        most = METHODS[name][1]
        counts = found_of(runs)
        ends = [f"{v:g}" if np.isfinite(v) else f"> {most}" for v in (np.median(counts), *bootstrap(counts, np.median))]
        cells = []
        for n in SHOWN:
            values = regrets(runs, n)
            low, high = bootstrap(values, np.mean)
            cells.append(f"{values.mean():.3f} ± {(high - low) / 2:.3f}")
        lines.append(f"| {name} | {ends[0]} [{ends[1]}, {ends[2]}] | {' | '.join(cells)} |")
    return lines


def picture(raw: dict[str, Any]) -> Figure:
    """Mean regret against evaluations, a panel a problem."""
    figure = Figure(figsize=(11, 3.6 * -(-len(raw) // 2)), layout="constrained")
    axes = np.atleast_1d(figure.subplots(-(-len(raw) // 2), 2)).ravel()
    for axis, found in zip(axes, raw.values(), strict=False):
        for number, (name, runs) in enumerate(ordered(found).items()):
            mean = np.array([run["regret"] for run in runs]).mean(axis=0)
            style = {"color": "black", "linewidth": 2.4} if number == 0 else {"color": f"C{number}", "linewidth": 1.2}
            axis.plot(POINTS, np.maximum(mean, FLOOR), label=name, zorder=3 if number == 0 else 2, **style)
        axis.set(title=found["name"], xlabel="evaluations", ylabel="mean regret, points", yscale="log", xlim=(5, 200))
        axis.set_ylim(bottom=FLOOR)
        axis.grid(alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), fontsize=9, loc="outside lower center", ncols=5)
    return figure


FLOOR = 1e-3  # lower regrets are drawn here


if __name__ == "__main__":
    main()
