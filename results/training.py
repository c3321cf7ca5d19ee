"""Write results/training.md: which short recipe ranks networks the same with another seed, what it cost, what failed.

python results/training.py                 # the page, from results/training.json
python results/training.py measure NAME    # train what is missing of a try (minutes to an hour)
python results/training.py speed           # images a second, by layout in memory, precision and allocator
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

HERE = Path(__file__).parent
KEPT, SPEED = HERE / "training.json", HERE / "training_speed.json"
SPACE = HERE.parent / "examples" / "fashion.yaml"
DATA = "/usr/share/datasets/fashion-mnist"  # Debian: dataset-fashion-mnist
BAND, NETWORKS, SEEDS, BAR = "1M-macs~5%", 20, (0, 1), 0.8

# Tries, in the order in which they were made: options of the evaluator `train`, and why.
TRIES = {
    "3 × 10k": ("images=10000,epochs=3,warmup=0.3,crop=0", "a first guess: 468 steps"),
    "2 × 8k": ("images=8000,epochs=2,warmup=0.3,crop=0", "whether half of that would do"),
    "3 × 20k": ("images=20000,epochs=3,warmup=0.3,crop=0", "twice the images and the steps of the first guess"),
    "3 × 10k with crops": ("images=10000,epochs=3,warmup=0.3", "the usual random crop; begun, given up for its scores"),
}

PAGE = """# Short training: which recipe ranks

Written by `python results/training.py`; `tests/test_results.py` fails when it is stale. `… measure NAME` trains the
networks of a try anew (Debian's package `dataset-fashion-mnist`), `… speed` measures the last table.

A recipe may label networks once it ranks them the same with another seed. Measured here: Spearman between two seeds
over {networks} networks of `examples/fashion.yaml`, drawn uniformly within {band} (numpy seed 0; not chosen, none left
out). A seed decides initial weights, order and augmentation; the images are a fixed draw. Judged by 10,000 of
Fashion-MNIST's 60,000 training images, which no recipe trains on; the 10,000 of its test are never read. Bar: {bar}.
Seconds are CPU time of one thread on a busy 2-core AMD EPYC (Zen 4), all included (compiling, judging).

| try | images × epochs | besides | networks | mean top-1 | spread | noise | Spearman (90 %) | bar | s each | min |
|---|---|---|---:|---:|---:|---:|---|---|---:|---:|
{rows}

*Spread*: standard deviation between networks, the noise taken out; *noise*: between seeds of one network; both in
points. The interval is a bootstrap over networks. Why each was tried:

{reasons}

{verdict}

## What the figure does not say

Two seeds that agree say that the recipe measures something of the network, not that this is what a long training would
find: short trainings prefer networks that learn fast. {long}

## Images a second

One thread, batches of 64, three networks of the space within 2M macs ± 5 %; CPU time.

| setting | images a second | against the first |
|---|---:|---:|
{speed}

So a recipe trains in channels-last memory and in float32 on CPUs (`amp=auto` takes bfloat16 on GPUs alone, where
nothing was measured here). It also asks glibc to keep freed memory, which gained nothing in this measurement.
"""
NOT_MEASURED = "No long training was measured beside them."


def measure(name: str) -> None:
    """Train what is missing of a try; every answer is written down as it comes."""
    import search_spaces
    from nas.evaluators import Failure, Task, named_evaluator
    from nas.files import write_text

    space = search_spaces.load(SPACE)
    judge = named_evaluator(f"train:data={DATA},{TRIES[name][0]}", Task.of(space))
    genomes = space.sample(NETWORKS, [BAND], rng=np.random.default_rng(0))
    for number, genome in enumerate(genomes):
        for seed in SEEDS:
            if any((row["try"], row["network"], row["seed"]) == (name, number, seed) for row in kept()):
                continue
            started = time.process_time()
            answer = judge.evaluate([space.decode(genome)], seed)[0]
            assert not isinstance(answer, Failure), answer
            spent = {"cpu": round(time.process_time() - started, 2), "wall": round(answer.seconds, 2)}
            row = {"try": name, "network": number, "seed": seed, "top1": round(answer.value, 4), **spent}
            lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in [*kept(), row])
            write_text(KEPT, f"[\n{lines}\n]\n")


def kept() -> list[dict[str, Any]]:
    """All measured trainings."""
    found: list[dict[str, Any]] = json.loads(KEPT.read_text()) if KEPT.exists() else []
    return found


def agreement(name: str) -> dict[str, float]:
    """How well the seeds of a try agree, over the networks that all of them have."""
    from scipy.stats import spearmanr

    rows = [row for row in kept() if row["try"] == name]
    table: dict[int, dict[int, float]] = {seed: {} for seed in SEEDS}
    for row in rows:
        table[row["seed"]][row["network"]] = row["top1"]
    common = sorted(set.intersection(*(set(row) for row in table.values())))
    found = np.array([[row[number] for number in common] for row in table.values()])

    def between(runs: Any) -> float:
        return fmean(float(spearmanr(one, other).statistic) for one, other in combinations(runs, 2))

    draws = np.random.default_rng(0).integers(0, len(common), (1000, len(common)))
    low, high = np.nanquantile([between(found[:, draw]) for draw in draws], (0.05, 0.95))
    noise = float(found.var(0, ddof=1).mean())
    spread = max(0.0, float(found.mean(0).var(ddof=1)) - noise / len(found))
    cpu = [row["cpu"] for row in rows]
    return {
        "networks": len(common), "spearman": between(found), "low": float(low), "high": float(high),
        "mean": float(found.mean()), "spread": spread**0.5, "noise": noise**0.5,
        "cpu": fmean(cpu), "minutes": sum(cpu) / 60,
    }  # fmt: skip


SETTINGS = ("channels first", "channels last", "channels last, bfloat16", "channels last, memory kept")
ROUNDS = 3  # of all settings in turn, each in a process of its own; the best counts: a busy machine only takes away


def speed() -> None:
    """Images a second that are trained on, by setting."""
    from nas.files import write_text

    found = dict.fromkeys(SETTINGS, 0.0)
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for setting in SETTINGS * ROUNDS:
            found[setting] = max(found[setting], pool.submit(images_a_second, setting).result())
    rows = [{"setting": setting, "images": round(images)} for setting, images in found.items()]
    write_text(SPEED, json.dumps(rows, indent=1) + "\n")


def images_a_second(setting: str) -> float:
    """Of three networks, in this process."""
    import torch

    import search_spaces
    from nas.compiler import compile_graph
    from nas.training.process import keep_memory

    torch.set_num_threads(1)
    if "kept" in setting:
        keep_memory()
    layout = torch.contiguous_format if "first" in setting else torch.channels_last
    space, seconds = search_spaces.load(SPACE), 0.0
    for genome in space.sample(3, ["2M-macs~5%"], rng=np.random.default_rng(1)):
        model = compile_graph(space.graph(genome)).to(memory_format=layout)
        images, labels = torch.randn(64, 1, 28, 28).to(memory_format=layout), torch.arange(64) % 10
        optimiser = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
        for step in range(19):
            if step == 3:  # the first ones warm caches
                started = time.process_time()
            with torch.autocast("cpu", torch.bfloat16, enabled="bfloat16" in setting):
                loss = torch.nn.functional.cross_entropy(model(images), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        seconds += time.process_time() - started
    return 3 * 16 * 64 / seconds


def row_of(name: str) -> str:
    """A try as a row of the table."""
    told, options = agreement(name), dict(item.split("=") for item in TRIES[name][0].split(","))
    size = f"{int(options.pop('images', 50000)):,} × {options.pop('epochs')}"
    cells = [
        name, size, ", ".join(f"{key} {value}" for key, value in options.items()), f"{told['networks']:.0f}",
        f"{told['mean']:.2f}", f"{told['spread']:.2f}", f"{told['noise']:.2f}",
        f"{told['spearman']:.2f} ({told['low']:.2f} to {told['high']:.2f})",
        "—" if told["networks"] < NETWORKS else "holds" if told["spearman"] >= BAR else "**fails**",
        f"{told['cpu']:.1f}", f"{told['minutes']:.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def validated() -> list[str]:
    """The tries that hold the bar over all networks, the cheapest first."""
    told = {name: agreement(name) for name in measured()}
    whole = [name for name, one in told.items() if one["networks"] == NETWORKS and one["spearman"] >= BAR]
    return sorted(whole, key=lambda name: told[name]["cpu"])


def measured() -> list[str]:
    """The tries of which there are figures."""
    return [name for name in TRIES if any(row["try"] == name for row in kept())]


def verdict() -> str:
    """Which recipe is the cheapest that holds, or that none does."""
    if not validated():
        return f"**No recipe holds the bar of {BAR} so far**, and none is called validated."
    name = validated()[0]
    told = agreement(name)
    caution = " Its point estimate holds the bar; the interval reaches below it." if told["low"] < BAR else ""
    others = len(measured()) - 1
    more = f"{others} others were measured" if others else "No other was measured to the end, so a cheaper one may do"
    return (
        f"**The cheapest that holds is {name}**: {told['cpu']:.0f} CPU seconds a network, Spearman "
        f"{told['spearman']:.2f} ({told['low']:.2f} to {told['high']:.2f}). It is the recipe `quick`.{caution} "
        f"{more}.\n\n"
        "*What failed*: random crops of two pixels cost four points at this length (81.7 and 82.1 against 85.6, one "
        "network, seen on the way and not kept); bfloat16 on a CPU is slower than float32 (below)."
    )


def render() -> str:
    """The page."""
    found = json.loads(SPEED.read_text())
    return PAGE.format(
        networks=NETWORKS,
        band=BAND.replace("-", " ").replace("~", " ± ").replace("%", " %"),
        bar=BAR,
        rows="\n".join(map(row_of, measured())),
        reasons="\n".join(f"- *{name}*: {TRIES[name][1]}." for name in measured()),
        verdict=verdict(),
        long=NOT_MEASURED,
        speed="\n".join(
            f"| {row['setting']} | {row['images']:,} | {row['images'] / found[0]['images']:.2f} |" for row in found
        ),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2])
    elif sys.argv[1:2] == ["speed"]:
        speed()
    (HERE / "training.md").write_text(render())
