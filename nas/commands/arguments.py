"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Name = Annotated[str, typer.Argument(help="A network of the zoo (b0, efficientnet_b0, resnet50, …) or a JSON file.")]
Family = Annotated[str | None, typer.Option("--family", help="One family of the zoo only.")]
Budgets = Annotated[
    list[str] | None,
    typer.Option(
        "--budget",
        help="400M-flops (= macs), 380M..420M-flops, 5.3M-params, 20MiB-memory, 8ms-latency@table.json (a device's).",
    ),
]
