"""How fast exact costs and feasible samples come: ratios to fvcore and to plain rejection, in one run.

pip install -c constraints.txt fvcore && python benchmarks/costs.py > results/costs.md
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

import search_spaces
from nas.budget import Budget
from nas.compiler import compile_graph
from nas.lowering import lower

SPACE = search_spaces.load("efficientnet")
BANDS = ("396M..404M-flops", "95M..105M-flops", "400M-flops")


def seconds(job: Callable[[], object], repeats: int = 5) -> float:
    """Median seconds of one call, after a first one that does not count."""
    job()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        job()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def fvcore_seconds(genomes: np.ndarray) -> float:
    """One candidate through fvcore: build the module, count its macs."""
    from fvcore.nn import FlopCountAnalysis

    image = torch.zeros(1, 3, 224, 224)

    def count() -> None:
        model = compile_graph(lower(SPACE.decode(genomes[0])), init="none").eval()
        FlopCountAnalysis(model, image).unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()

    return seconds(count, 5)


def rejection_rate(budget: Budget, rng: np.random.Generator) -> float:
    """Feasible samples a second of drawing uniformly and throwing away what does not fit (numpy, same tables)."""

    def draw() -> int:
        genomes = SPACE.sample(200_000, rng=rng)
        macs = SPACE.costs(genomes, ("macs",))["macs"]
        return int(((macs >= budget.low) & (macs <= budget.high)).sum())

    hits = draw()
    return hits / seconds(draw, 3)


HEAD = """# How fast exact costs and feasible samples come

Written by `python benchmarks/costs.py > results/costs.md` (with fvcore installed), all of it in one run, one thread.
The space is `efficientnet`; fvcore counts a module that has to be built first; rejection draws uniformly, looks costs
up in the same tables and throws away what does not fit.
"""


def main() -> None:
    print(HEAD)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    genomes = SPACE.sample(1_000_000, rng=rng)
    SPACE.cost(genomes[0])
    one = genomes[0].tolist()
    single = seconds(lambda: [SPACE.cost(one) for _ in range(1000)]) / 1000
    batch = len(genomes) / seconds(lambda: SPACE.costs(genomes, ("macs", "params")))
    fvcore = fvcore_seconds(genomes)
    print("| exact cost | seconds a candidate | ratio to fvcore |")
    print("|---|---:|---:|")
    print(f"| fvcore, with the build of the module | {fvcore:.3g} | 1 |")
    print(f"| `space.cost`, one candidate | {single:.3g} | {fvcore / single:,.0f} |")
    print(f"| `space.costs`, a million at once (macs, params) | {1 / batch:.3g} | {fvcore * batch:,.0f} |")
    print(f"\n`space.costs`: {batch / 1e6:.1f} M candidates/s\n")
    print("| budget | feasible samples/s | ratio to rejection |")
    print("|---|---:|---:|")
    for text in BANDS:
        budget = Budget.parse(text)
        rate = 500_000 / seconds(lambda b=budget: SPACE.sample(500_000, [b], rng=rng), 3)
        print(f"| {text} | {rate:,.0f} | {rate / rejection_rate(budget, rng):,.1f} |")


if __name__ == "__main__":
    main()
