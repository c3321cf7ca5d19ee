"""Write results/fit.md: α, β, γ on real training, and how much of it the noise between seeds leaves.

python benchmarks/scale_fit.py                # the page, from results/fit.json
python benchmarks/scale_fit.py measure        # train what is missing (half an hour of one core)
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

HERE = Path(__file__).parents[1] / "results"
KEPT = HERE / "fit.json"
SPACE = HERE.parent / "examples" / "fashion.yaml"
DATA = "/usr/share/datasets/fashion-mnist"  # Debian: dataset-fashion-mnist
RECIPE, PRODUCT, TOLERANCE, STEP, TOP, SEEDS = "quick", 2.0, 0.1, 0.1, 4, 3

PAGE = """# α, β, γ on real training

Written by `python benchmarks/scale_fit.py` from the trainings in `results/fit.json`; `… measure` trains what is missing
(Debian's package `dataset-fashion-mnist`). The question is that of arXiv:1905.11946 §3.3, on a scale that a laptop
bears: from a small network ({macs} macs at 28 px), which multipliers of depth (α), width (β) and resolution (γ) with
α·β²·γ² = 2 ± 0.1, in steps of 0.1, give the best network of twice the cost? {triples} triples make {networks} networks.

Each is trained once with the recipe `{recipe}` (`results/training.md`) on Fashion-MNIST, the {top} best with
{seeds} seeds; scores are top-1 on 10,000 images that no recipe trains on. The same by hand:
`nascli scale fit BASE.json --evaluator train:data={data},recipe={recipe}`.

| α | β | γ | repeats | widths | px | macs | top-1, seed 0 | mean of {seeds} seeds |
|---:|---:|---:|---|---|---:|---:|---:|---:|
{rows}

## How much this can bear

{verdict}

- The noise of one training is {noise:.2f} points (standard deviation between seeds, of the {top} networks that have
  several); the standard deviation between the networks' first seeds is {spread:.2f}.
- Rounding to whole repeats and channels makes networks of one triple's cost differ by {off:.0%} in macs at most.
- The images have 28 pixels: a network at 34 reads enlarged ones, in which nothing new is to be seen.
- Three epochs prefer networks that learn fast. The paper trained to the end, on ImageNet, from a network 200 times as
  large.

CPU time of one thread for all trainings: {minutes:.0f} minutes.
"""


def base() -> Any:
    """The small network: the space's own base, narrower."""
    import search_spaces
    from nas import Architecture

    told = search_spaces.load(SPACE).reference.model_dump(mode="json")
    told["rounding"], told["stem"]["channels"], told["head"]["channels"] = "nearest", 12, 96
    for row, (channels, repeats) in zip(told["stages"], ((14, 2), (28, 3), (56, 2)), strict=True):
        row.update(channels=channels, repeats=repeats, expand=3)
    return Architecture.read(told)


def measure() -> None:
    """Train every network once, then the best with further seeds; every answer is written down as it comes."""
    from nas import cost, lower, multiply
    from nas.evaluators import Failure, Task, named_evaluator
    from nas.files import write_text
    from scaling.triples import triples

    table = base()
    judge = named_evaluator(f"train:data={DATA},recipe={RECIPE}", Task(10, 1))
    told = kept() or {"base_macs": cost(lower(table, 10, 1)).macs, "points": []}
    networks = {}
    for triple in triples(PRODUCT, TOLERANCE, STEP):
        scaled = multiply(table, depth=triple.alpha, width=triple.beta, resolution=triple.gamma)
        graph = lower(scaled, 10, 1)
        key = f"{graph.digest()}@{scaled.resolution}"
        networks[key] = scaled
        if not any(point["triple"] == list(triple) for point in told["points"]):
            sizes = {"repeats": [s.repeats for s in scaled.stages], "widths": [s.channels for s in scaled.stages]}
            costs = {"resolution": scaled.resolution, "macs": cost(graph).macs, "params": graph.params}
            told["points"].append({"triple": list(triple), "network": key, **sizes, **costs})

    def train(key: str, seed: int) -> None:
        runs = told.setdefault("runs", {}).setdefault(key, {})
        if str(seed) not in runs:
            started = time.process_time()
            answer = judge.evaluate([networks[key]], seed)[0]
            assert not isinstance(answer, Failure), answer
            runs[str(seed)] = {"top1": round(answer.value, 4), "cpu": round(time.process_time() - started, 1)}
            write_text(KEPT, json.dumps(told, indent=1) + "\n")

    for key in networks:
        train(key, 0)
    best = sorted(networks, key=lambda key: -told["runs"][key]["0"]["top1"])[:TOP]
    for key in best:
        for seed in range(1, SEEDS):
            train(key, seed)


def kept() -> dict[str, Any]:
    """What was trained."""
    found: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    return found


def render() -> str:
    """The page."""
    told = kept()
    runs = {key: [run["top1"] for _, run in sorted(one.items())] for key, one in told["runs"].items()}
    points = sorted(told["points"], key=lambda point: -runs[point["network"]][0])
    several = {key: values for key, values in runs.items() if len(values) > 1}
    noise = fmean(stdev(values) ** 2 for values in several.values()) ** 0.5
    spread, macs = stdev(values[0] for values in runs.values()), [point["macs"] for point in points]
    rows = []
    for point in points:
        values = runs[point["network"]]
        sizes = "-".join(map(str, point["repeats"])), "-".join(map(str, point["widths"])), point["resolution"]
        mean = f"{fmean(values):.2f}" if len(values) > 1 else "-"
        cells = [*(f"{one:.1f}" for one in point["triple"]), *sizes, f"{point['macs']:,}", f"{values[0]:.2f}", mean]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    cpu = sum(run["cpu"] for one in told["runs"].values() for run in one.values())
    return PAGE.format(
        macs=f"{told['base_macs']:,}", triples=len(points), networks=len(runs), recipe=RECIPE, top=TOP, seeds=SEEDS,
        data=DATA, rows="\n".join(rows), verdict=verdict(points, runs, noise, spread), noise=noise, spread=spread,
        off=max(macs) / min(macs) - 1, minutes=cpu / 60,
    )  # fmt: skip


def verdict(points: list[dict[str, Any]], runs: dict[str, list[float]], noise: float, spread: float) -> str:
    """What follows, by the figures."""
    tops = sorted((key for key, values in runs.items() if len(values) > 1), key=lambda key: -fmean(runs[key]))
    lead = fmean(runs[tops[0]]) - fmean(runs[tops[-1]])
    error = 1.645 * noise * (2 / SEEDS) ** 0.5  # half of a 90 % interval of a difference of two means
    best = " or ".join(
        "(" + ", ".join(f"{x:.1f}" for x in p["triple"]) + ")" for p in points if p["network"] == tops[0]
    )
    told = (
        f"The best mean is that of {best}. It leads the last by {lead:.2f} points, where a difference of two means of "
        f"{SEEDS} seeds has a 90 % interval of ± {error:.2f}: "
    )
    told += "the four can be told apart." if lead > error else "**the four best cannot be told apart**."
    share = max(0.0, 1 - (noise / spread) ** 2)
    first = f" Of the variance between first seeds, noise leaves {share:.0%} to the networks"
    paper = next((n for n, point in enumerate(points, start=1) if point["triple"] == [1.2, 1.1, 1.1]), None)
    rank = f"; the paper's triple on this grid, (1.2, 1.1, 1.1), is number {paper} of {len(points)}" if paper else ""
    return f"{told}{first}{rank}."


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure()
    (HERE / "fit.md").write_text(render())
