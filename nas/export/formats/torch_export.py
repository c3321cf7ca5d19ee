"""A torch.export program: the network as torch's own graph of operators, for any number of images."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from nas.errors import ExportError
from nas.export.comparing import images, module_run
from nas.export.exporter import Run, Source
from nas.networks import Network


def check(network: Network) -> None:
    """Any network."""


def write(source: Source, folder: Path) -> list[Path]:
    """NAME.pt2."""
    path = folder / f"{source.name}.pt2"
    batch = torch.export.Dim("batch", min=1)
    example = images(source.network.graph, 2, 0)  # of one image, torch would take the batch axis for fixed
    try:
        with _quiet(), torch.no_grad():
            program = torch.export.export(source.model, (example,), dynamic_shapes=({0: batch},))
            torch.export.save(program, path)
    except (RuntimeError, ValueError, torch._dynamo.exc.Unsupported) as error:
        raise ExportError(f"torch-export: torch cannot trace {source.name}: {str(error).splitlines()[0]}") from None
    return [path]


def reopen(source: Source, folder: Path) -> Run:
    """The program of the file that was just written (such files hold pickled code: open no stranger's)."""
    with _quiet():
        program = torch.export.load(folder / f"{source.name}.pt2")
        return module_run(program.module())


def _quiet() -> Any:
    """torch.export warns of its own inner workings."""
    return warnings.catch_warnings(action="ignore")
