"""`nascli latency` and `nascli bench`: what networks take on this device."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from nas.commands.arguments import Json
from nas.errors import LatencyError
from nas.files import check_writable
from nas.latency.calibrating import Settings
from nas.report.console import group, show, show_json
from nas.space import Space

latency_app = group("Latency: measured blocks of a space, and what follows for its networks.")

Threads = Annotated[int, typer.Option("--threads", min=1, max=1024, help="Of the runtime.")]
Device = Annotated[str, typer.Option("--device", help="cpu or cuda.")]
Seed = Annotated[int, typer.Option("--seed", min=0)]
Load: TypeAlias = Callable[[str], Space]


def add(app: typer.Typer, load: Load) -> None:
    """Add the commands; `load` gives the space of a name, which the house does not know."""
    app.add_typer(latency_app, name="latency")
    latency_app.command("calibrate")(_calibrate(load))
    latency_app.command("show")(show_)
    latency_app.command("predict")(predict)
    app.command("bench")(bench)


def _calibrate(load: Load) -> Callable[..., None]:
    def calibrate(
        space: Annotated[str, typer.Option("--space", help="A built-in space, or a .yaml or .json file.")],
        out: Annotated[Path, typer.Option("-o", "--out", help="Write the table to this JSON file.")],
        runtime: Annotated[str, typer.Option("--runtime", help="onnxruntime or torch.")] = "onnxruntime",
        threads: Threads = Settings.threads,
        device: Device = Settings.device,
        seconds: Annotated[
            float, typer.Option("--seconds", min=1, max=3600, help="Of measuring, about.")
        ] = Settings.seconds,
        blocks: Annotated[
            int, typer.Option("--blocks", min=1, max=50_000, help="Distinct blocks at most.")
        ] = Settings.blocks,
        networks: Annotated[
            int, typer.Option("--networks", min=4, max=200, help="Whole networks of the fit.")
        ] = Settings.networks,
        held_out: Annotated[
            int, typer.Option("--held-out", min=3, max=200, help="Whole networks of its error.")
        ] = Settings.held_out,
        seed: Seed = Settings.seed,
        force: Annotated[bool, typer.Option("--force", help="Write it although it is poor.")] = False,
        as_json: Json = False,
    ) -> None:
        """Measure the blocks of a space in a runtime, and write the table that latency budgets read."""
        from nas.latency.calibrating import calibrate
        from nas.latency.reading import write_table
        from nas.report.latency import table_document, table_tables
        from nas.report.progress import staged
        from nas.runtimes import runtime_named

        check_writable(out)
        begun = time.perf_counter()
        settings = Settings(
            seconds=seconds,
            blocks=blocks,
            networks=networks,
            held_out=held_out,
            threads=threads,
            device=device,
            seed=seed,
        )
        with staged() as progress:
            found = calibrate(load(space), runtime_named(runtime), settings, progress)
        if not (found.good or force):
            faults = found.table.quality.faults
            told = "".join(f"; {remark}" for remark in found.remarks if remark not in faults)
            raise LatencyError(
                f"{'; '.join(faults)}: {out} was not written{told}; measure on a quiet machine or with more --seconds, "
                "or write it with --force"
            )
        write_table(found.table, out)
        if as_json:
            show_json(table_document(found.table, found.remarks))
        else:
            took = f"wrote {out} after {time.perf_counter() - begun:.0f} s"
            show(*table_tables(found.table, found.remarks), "", took)

    return calibrate


def show_(
    table: Annotated[Path, typer.Argument(help="A table of `nascli latency calibrate`.")], as_json: Json = False
) -> None:
    """A latency table: of what device, how good, and the networks that say so."""
    from nas.latency.reading import read_table, remarks_of
    from nas.report.latency import table_document, table_tables

    found = read_table(table)
    remarks = remarks_of(found)
    if as_json:
        show_json(table_document(found, remarks))
    else:
        show(*table_tables(found, remarks))


def predict(
    table: Annotated[Path, typer.Argument(help="A table of `nascli latency calibrate`.")],
    networks: Annotated[list[str], typer.Argument(metavar="BEST|NAME…", help="A search's folder, or a network.")],
    as_json: Json = False,
) -> None:
    """What networks take by a latency table, nothing measured."""
    from nas.latency.predicting import predict
    from nas.latency.reading import read_table, remarks_of
    from nas.networks import load_network
    from nas.report.latency import predicted_document, predicted_tables

    known = read_table(table)
    found = {name: predict(load_network(name), known) for name in networks}
    remarks = remarks_of(known)
    if as_json:
        show_json(predicted_document(known, found, remarks))
    else:
        show(*predicted_tables(known, found, remarks))


def bench(
    networks: Annotated[
        list[str], typer.Argument(metavar="BEST|NAME|FILE.onnx…", help="A search's folder, a network, an ONNX file.")
    ],
    runtime: Annotated[str, typer.Option("--runtime", help="One or several: onnxruntime,torch.")] = "onnxruntime",
    threads: Threads = 1,
    device: Device = "cpu",
    batch: Annotated[int, typer.Option("--batch", min=1, max=1024, help="Images at a time.")] = 1,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=3600, help="Of measuring, about.")] = 10.0,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Time networks in runtimes, in turns and in random order, so that none has the better moments."""
    from nas.latency.benchmarking import benchmark
    from nas.report.latency import bench_document, bench_tables
    from nas.runtimes import runtime_named

    runtimes = [runtime_named(name.strip()) for name in runtime.split(",")]
    found = benchmark(networks, runtimes, threads=threads, device=device, batch=batch, seconds=seconds, seed=seed)
    if as_json:
        show_json(bench_document(found))
    else:
        show(*bench_tables(found))
