"""Forward time of compiled graphs against torchvision, interleaved in one run.

python benchmarks/forward.py > results/forward.md       # needs torchvision, as CONTRIBUTING.md says
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch

from nas import zoo
from nas.compiler import compile_graph

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from oracles import import_torchvision

CASES = [
    ("efficientnet_b0", 224, 60),
    ("efficientnet_b0", 32, 400),
    ("mobilenet_v2", 224, 60),
    ("mobilenet_v3_large", 224, 60),
    ("regnet_y_800mf", 224, 40),
    ("resnet50", 224, 20),
    ("convnext_tiny", 224, 20),
]
ROUNDS = 3


def ratio(name: str, size: int, repeats: int) -> tuple[float, float]:
    """Median and lowest of ours / torchvision's, call by call, batch 1, one thread."""
    theirs = getattr(import_torchvision().models, name)(weights=None).eval()
    ours = compile_graph(zoo.build(name), init="none").eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image = torch.randn(1, 3, size, size)
    times: dict[str, list[float]] = {"theirs": [], "ours": []}
    with torch.inference_mode():
        for _ in range(5):
            theirs(image), ours(image)
        for _ in range(repeats):
            for label, model in (("theirs", theirs), ("ours", ours)):
                begin = time.perf_counter()
                model(image)
                times[label].append(time.perf_counter() - begin)
    pairs = np.array(times["ours"]) / np.array(times["theirs"])
    return float(np.median(pairs)), min(times["ours"]) / min(times["theirs"])


HEAD = """# Forward time of compiled graphs against torchvision

Written by `python benchmarks/forward.py > results/forward.md`. Batch 1, one thread, float32, inference mode, same
weights, calls of the two in turn; ours / torchvision's, so below 1 is faster. The floor is 1.02.
"""


def main() -> None:
    print(HEAD)
    torch.set_num_threads(1)
    print("| network | px | ours / torchvision (median of pairs) | (fastest calls) |")
    print("|---|---:|---:|---:|")
    for name, size, repeats in CASES:
        found = np.median([ratio(name, size, repeats) for _ in range(ROUNDS)], axis=0)
        print(f"| {name} | {size} | {found[0]:.3f} | {found[1]:.3f} |")


if __name__ == "__main__":
    main()
