"""`nascli export`: a network as files that something else opens."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from nas.commands.arguments import Json
from nas.report.console import show, show_json


def export(
    name: Annotated[
        str, typer.Argument(metavar="BEST|NAME", help="A search's folder or best.json, a network of the zoo, a file.")
    ],
    to: Annotated[
        str, typer.Option("--to", help="Exporters: onnx[:fold=no], torch-export, code, timm, safetensors.")
    ] = "onnx",
    weights: Annotated[
        Path | None, typer.Option("--weights", help="A .safetensors, .pth or .pt file (default: untrained ones).")
    ] = None,
    num_classes: Annotated[int | None, typer.Option("--num-classes", min=0, help="Classes of the head.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="A new folder (default runs/NAME-export).")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of weights that are drawn.")] = 0,
    as_json: Json = False,
) -> None:
    """Write a network for other tools, open each file again and compare; a mismatch leaves nothing."""
    from nas.export import read_targets
    from nas.export.exporter import identifier
    from nas.networks import load_network

    targets, network = read_targets(to), load_network(name, num_classes=num_classes)
    from nas.export.exporting import export as run  # torch, which takes seconds, behind what can be refused before
    from nas.report.exports import export_tables
    from nas.report.progress import staged

    folder = out or Path("runs") / f"{identifier(network.name)}-export"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a stop from outside unwinds too: nothing half-written
    with staged() as progress:
        told = run(network, targets, folder, weights=weights, seed=seed, progress=progress).document()
    if as_json:
        show_json(told)
    else:
        show(*export_tables(told))
