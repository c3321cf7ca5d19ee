"""Time to build each network of the zoo as a graph, and to compile it against its oracle's own constructor.

python benchmarks/building.py > results/building.md     # needs torchvision and timm, as CONTRIBUTING.md says
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from nas import zoo
from nas.compiler import compile_graph

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from oracles import import_torchvision, oracle_model

LARGEST = 150e6  # parameters of what is compiled: filling more takes seconds on either side
ROUNDS = 3

HEAD = """# Time to build and to compile the networks of the zoo

Written by `python benchmarks/building.py > results/building.md`. *Build*: the architecture and its graph, without
torch, fastest of 5; the floor is 50 ms. *Compile*: `compile_graph` with the family's initial weights, against the
constructor of the oracle in torchvision or timm with its own, in turn, fastest of 3 each, one thread; the floor is 1.5.
Per family the network with the longest build and those of up to 150 million parameters with the fewest and the most
parameters.
"""


MISSED = """
The floor is missed by {}: many small modules, for which torch.fx's tracing and code generation, some 60 µs a node,
weigh more than filling the weights."""


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def compiled(name: str) -> tuple[float, float]:
    """Seconds to compile ours, and to construct the oracle."""
    graph = zoo.build(name)
    pairs = [(timed(lambda: compile_graph(graph)), timed(lambda: oracle_model(name))) for _ in range(ROUNDS)]
    ours, theirs = zip(*pairs, strict=True)
    return min(ours), min(theirs)


def main() -> None:
    print(HEAD)
    torch.set_num_threads(1)
    import_torchvision()
    print("| family | network | nodes | build (ms) | compile (ms) | oracle (ms) | ours / oracle |")
    print("|---|---|---:|---:|---:|---:|---:|")
    slowest, worst = 0.0, 0.0
    missed: list[str] = []
    for family in zoo.families():
        names = zoo.names(family)
        params = {name: zoo.build(name).params for name in names}
        builds = {name: min(timed(lambda name=name: zoo.build(name)) for _ in range(5)) for name in names}
        slowest = max(slowest, *builds.values())
        small = [name for name in names if params[name] <= LARGEST]
        by_params = sorted(small, key=lambda name: params[name])
        chosen = dict.fromkeys([*by_params[:1], *by_params[-1:], max(names, key=lambda name: builds[name])])
        for name in chosen:
            cells = [family, name, f"{len(zoo.build(name).nodes):,}", f"{1e3 * builds[name]:.1f}"]
            if name in small and zoo.entry(name).model(name)[0] in ("torchvision", "timm", "code"):
                ours, theirs = compiled(name)
                worst = max(worst, ours / theirs)
                missed += [f"{name} ({1e3 * (ours - theirs):.0f} ms more)"] if ours > 1.5 * theirs else []
                cells += [f"{1e3 * ours:.0f}", f"{1e3 * theirs:.0f}", f"{ours / theirs:.2f}"]
            print("| " + " | ".join([*cells, *["-"] * (7 - len(cells))]) + " |")
    count = len(zoo.names())
    print(f"\nSlowest build of all {count} networks: {1e3 * slowest:.1f} ms. Largest ratio above: {worst:.2f}.")
    if missed:
        print(MISSED.format(", ".join(missed)))


if __name__ == "__main__":
    main()
