"""Every network of the zoo written by exporters, opened again and compared, under random weights and statistics.

python benchmarks/exports.py > results/export.md     # needs timm, as CONTRIBUTING.md says; an hour on one core
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import torch

from nas import zoo
from nas.compiler import compile_graph
from nas.errors import ExportError
from nas.export import EXPORTERS, Source, format_of
from nas.export.comparing import BATCHES, compare, randomise
from nas.graph import cost
from nas.networks import Network, load_network

CHOSEN = ("onnx", "code", "timm")
LARGE = 50e9  # macs; above, one image is compared
LARGEST = 150e9  # macs; above, a network takes minutes and up to 20 GB

HEAD = """# The zoo as files that other tools open

Written by `python benchmarks/exports.py > results/export.md`. Each network gets random weights and running statistics,
is written by the exporters `{}`, opened again (onnxruntime, the written class, timm's
`create_model`) and compared with its module at 1 and 3 images of its own size (above {:.0f}G macs, 1): the largest
difference of an output in units of its largest value, worst network of the family. More than {:g} would be an error.
In brackets: how many are written, where not all are.

Left out, above {:.0f}G macs: {}.
"""


def differences(name: str, network: Network) -> dict[str, float | str]:
    """By exporter, how far the opened file is off, or why nothing is written."""
    model = compile_graph(network.graph, init="none").eval()
    batches = BATCHES if cost(network.graph).macs <= LARGE else (1,)
    randomise(model, network.graph, 0)
    found: dict[str, float | str] = {}
    for exporter in CHOSEN:
        file_format = format_of(exporter, EXPORTERS[exporter])
        with tempfile.TemporaryDirectory() as folder:
            try:
                file_format.check(network)
                source = Source(network, model)
                file_format.write(source, Path(folder))
                run = file_format.reopen(source, Path(folder))
                found[exporter] = max(one.relative for one in compare(model, run, network.graph, 0, batches))
            except ExportError as error:
                found[exporter] = str(error).removeprefix(f"{exporter}: ").replace(name, "it").partition("; ")[0]
    return found


def page(rows: dict[str, dict[str, float | str]], left_out: list[str]) -> str:
    """The worst of each family, and what is not written."""
    tolerance = EXPORTERS[CHOSEN[0]].tolerance
    lines = [HEAD.format("`, `".join(CHOSEN), LARGE / 1e9, tolerance, LARGEST / 1e9, ", ".join(left_out))]
    lines += [f"| family | networks | {' | '.join(CHOSEN)} |", f"|---|---:|{'---:|' * len(CHOSEN)}"]
    refused: dict[tuple[str, str], list[str]] = defaultdict(list)
    for family in zoo.families():
        names = [name for name in zoo.names(family) if name in rows]
        cells = [family, str(len(names))]
        for exporter in CHOSEN:
            found = {name: rows[name][exporter] for name in names}
            off = [one for one in found.values() if isinstance(one, float)]
            part = "" if len(off) == len(found) else f" ({len(off)})"
            cells.append(f"{max(off):.1g}{part}" if off else "-")
            for name, why in found.items():
                if isinstance(why, str):
                    refused[exporter, why].append(name)
        lines.append(f"| {' | '.join(cells)} |")
    told = [f"- `{exporter}`: {why}: {', '.join(names)}" for (exporter, why), names in sorted(refused.items())]
    return "\n".join([*lines, "", "## What is not written", "", *told])


def main() -> None:
    torch.set_num_threads(1)
    macs = {name: cost(zoo.build(name)).macs for name in zoo.names()}
    chosen = sorted((name for name in macs if macs[name] <= LARGEST), key=lambda name: macs[name])
    rows = {}
    for name in chosen:
        rows[name] = differences(name, load_network(name))
        print(name, rows[name], file=sys.stderr, flush=True)
    print(page(rows, sorted(set(macs) - set(chosen))))


if __name__ == "__main__":
    main()
