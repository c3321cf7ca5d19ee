"""`nascli zoo`: published networks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.commands.arguments import Family, Json, Name
from nas.report.console import group, show, show_json

app = group("Published networks.")


@app.command("list")
def list_(family: Family = None, as_json: Json = False) -> None:
    """All published networks, with their parameters and macs."""
    from nas.report.zoo import zoo_document, zoo_tables

    if as_json:
        show_json(zoo_document(family))
    else:
        show(*zoo_tables(family))


@app.command("verify")
def verify(
    family: Family = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The page to write (default, for all families: results/zoo.md).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build and cost every published network, beside its oracle and the brief. Exits with 1 where one differs."""
    from nas.files import write_text
    from nas.report.zoo import checked, verify_document, verify_page, verify_tables

    found = checked(family)
    page = out or (None if family else Path("results") / "zoo.md")
    if page is not None:
        write_text(page, verify_page(found))
    if as_json:
        show_json(verify_document(found))
    else:
        show(*verify_tables(found), *([f"wrote {page}"] if page else []))
    raise typer.Exit(0 if all(row.equal is not False for row in found) else 1)


@app.command("show")
def show_(name: Name, as_json: Json = False) -> None:
    """A network's table and cost."""
    from nas.graph import cost as cost_of
    from nas.networks import load_network, network_document
    from nas.report.tables import MACS_NOTE, cost_table, share_table, stage_table
    from nas.report.zoo import provenance

    network = load_network(name)
    total = cost_of(network.graph)
    if as_json:
        show_json(network_document(network, params=total.params, macs=total.macs))
        return
    table = [] if network.architecture is None else [stage_table(network.architecture), ""]
    show(
        *table, cost_table({network.name: total}), "", share_table(total, "stage"), MACS_NOTE, *provenance(network.name)
    )


@app.command("draw")
def draw_(
    name: Name,
    out: Annotated[Path | None, typer.Option("--out", help="A .svg or .png file (default: NAME.svg).")] = None,
) -> None:
    """Draw a network as SVG or PNG."""
    from nas.networks import load_network
    from nas.report.drawing import draw

    network = load_network(name)
    path = out or Path(f"{network.name}.svg")
    draw(network.graph, path)
    typer.echo(f"wrote {path}")


@app.command("weights")
def weights(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A .safetensors, .pth or .pt file.")],
    to: Annotated[Path | None, typer.Option("--to", help="Write them to this .safetensors file.")] = None,
    num_classes: Annotated[int | None, typer.Option("--num-classes", min=0, help="Classes of the file's head.")] = None,
    as_json: Json = False,
) -> None:
    """Load a local file of weights into a network, every key and shape equal; no download, no pickled code."""
    from nas.compiler import compile_graph
    from nas.files import document
    from nas.networks import load_network
    from nas.weights import load_weights, save_weights

    network = load_network(name, num_classes=num_classes)
    model = compile_graph(network.graph, init="none")
    load_weights(model, file)
    if to is not None:
        save_weights(model, to)
    told = {"name": network.name, "file": str(file), "tensors": len(model.state_dict()), "params": network.graph.params}
    if as_json:
        show_json(document("nascli.weights/1", told))
    else:
        fits = f"{file} fits {network.name}: {told['tensors']:,} tensors, {told['params']:,} parameters"
        show(fits, *([f"wrote {to}"] if to else []))
