"""The command line: parses, calls one function, prints. Nobody imports it."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from nas.commands import evaluator, export, latency, report, zoo
from nas.commands.arguments import Budgets, Json, Name
from nas.errors import NasError
from nas.report.console import INTERRUPTED, DefaultGroup, fail, group, resumable, show, show_json

app = group("From a device budget to a family of networks: search, scale and cost vision backbones.")
scale_app = group("Scale a network.", DefaultGroup)
space_app = group("Search spaces.")
predictor_app = group("The accuracy predictor fitted on Accel-NASBench.")
app.add_typer(scale_app, name="scale")
app.add_typer(zoo.app, name="zoo")
app.add_typer(evaluator.app, name="evaluator")
app.add_typer(space_app, name="space")
app.add_typer(predictor_app, name="predictor")
app.command("export")(export.export)


def _family(rule: str) -> Any:
    from scaling.family import family_by

    return family_by(rule)


def _space(name: str) -> Any:
    import search_spaces

    return search_spaces.load(name)


report.add(app, _family)
latency.add(app, _space)


def _version(shown: bool) -> None:
    if shown:
        import nas
        import scaling
        import search_spaces

        rooms = ", ".join(f"{m.__name__} {Path(m.__file__ or '').parent}" for m in (nas, search_spaces, scaling))
        typer.echo(f"nascli {nas.__version__} ({rooms})")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """From a device budget to a family of networks: search, scale and cost vision backbones."""


@app.command()
def cost(
    name: Name,
    input: Annotated[int | None, typer.Option("--input", min=1, max=8192, help="Image size in pixels.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="stage or node.")] = None,
    as_json: Json = False,
) -> None:
    """Macs, parameters, activations and peak memory of a network."""
    from nas.errors import unknown
    from nas.graph import cost as cost_of
    from nas.networks import load_network
    from nas.report.costs import cost_document

    if by not in (None, "stage", "node"):
        raise NasError(unknown("--by", by, ("stage", "node")))
    network = load_network(name)
    shape = None if input is None else (network.graph.input_shape[0], input, input)
    total = cost_of(network.graph, shape)
    if as_json:
        show_json(cost_document(network.name, total, by))
        return
    from nas.report.tables import MACS_NOTE, cost_table, share_table

    show(cost_table({network.name: total}), *([share_table(total, by)] if by else []), MACS_NOTE)


@scale_app.command("network")
def scale(
    name: Name,
    phi: Annotated[
        float | None, typer.Option("--phi", help="Compound coefficient; may be fractional or negative.")
    ] = None,
    preset: Annotated[str | None, typer.Option("--preset", help="A released member: b1 … b8, l2, v2-s …")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Solve φ for a budget: 1.2G-flops, 20M-params, …")] = None,
    family: Annotated[str | None, typer.Option("--family", help="A member a budget: 200M,400M,800M-flops.")] = None,
    rule: Annotated[
        str, typer.Option("--rule", help="efficientnet[:alpha=1.2,…], efficientnetv2, fast, depth, width, …")
    ] = "efficientnet",
    max_depth: Annotated[float | None, typer.Option("--max-depth", help="Cap on the depth multiplier.")] = None,
    max_width: Annotated[float | None, typer.Option("--max-width", help="Cap on the width multiplier.")] = None,
    max_resolution: Annotated[int | None, typer.Option("--max-resolution", help="Cap on the pixels.")] = None,
    divisor: Annotated[
        int | None, typer.Option("--divisor", min=1, max=1024, help="Widths to multiples of this.")
    ] = None,
    free: Annotated[
        str, typer.Option("--free", help="Of a bare graph: scale the marked widths, or all.", metavar="marked|all")
    ] = "marked",
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the network to this JSON file, the family to this folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Scale a network by a rule, to a budget, or to a family; `nascli scale fit --help` fits α, β, γ."""
    from nas.budget import Budget
    from nas.errors import unknown
    from nas.files import write_text
    from nas.networks import load_network, network_text
    from scaling import Caps, rule_named
    from scaling.report import Scaler, by_preset

    if sum(given is not None for given in (phi, preset, to, family)) != 1:
        raise NasError("scale takes one of --phi 3, --preset b3, --to 1.2G-flops and --family 200M,400M-flops")
    network, caps = load_network(name), Caps(max_depth, max_width, max_resolution)
    if free not in ("marked", "all"):
        raise NasError(unknown("--free", free, ("marked", "all")))
    scaler = Scaler(network, rule_named(rule), caps, divisor, "all" if free == "all" else "marked")
    if family is not None:
        from nas.report.tables import MACS_NOTE, family_table
        from scaling.family import family as family_of
        from scaling.family import targets

        found = family_of(scaler, targets(family))
        written = found.write(out or Path("runs") / f"{network.name}-{scaler.rule.name}-family")
        if as_json:
            show_json(found.document())
        else:
            show(family_table(found.rows()), *found.remarks(), MACS_NOTE, "", "wrote " + " ".join(map(str, written)))
        return
    if preset is not None:
        told = by_preset(network, preset)
    else:
        told = scaler.at(phi) if phi is not None else scaler.to(Budget.parse(to or ""))
    if out is not None:
        write_text(out, network_text(told.network))
    if as_json:
        show_json(told.document())
        return
    from nas.report.tables import MACS_NOTE, cost_table, stage_table

    stages = [] if told.architecture is None else [stage_table(told.architecture), ""]
    wrote = [] if out is None else ["", f"wrote {out}"]
    show(*stages, cost_table({told.network.name: told.cost}), "", *told.remarks(), MACS_NOTE, *wrote)


@scale_app.command("fit")
def scale_fit(
    name: Name,
    evaluator: Annotated[str, typer.Option("--evaluator", help="One of `nascli evaluator list`, with its keys.")],
    product: Annotated[float, typer.Option("--product", help="α·β²·γ², the growth of macs at φ = 1.")] = 2.0,
    tolerance: Annotated[float, typer.Option("--tolerance", help="How far the product may be off.")] = 0.1,
    step: Annotated[float, typer.Option("--step", help="Of the grid of α, β and γ.")] = 0.1,
    out: Annotated[Path | None, typer.Option("--out", help="Folder (default runs/NAME-fit).")] = None,
    as_json: Json = False,
) -> None:
    """Evaluate every α, β, γ of a grid near a cost product. The same command again resumes."""
    from nas.evaluators import Task, named_evaluator
    from nas.files import write_text
    from nas.networks import load_network
    from nas.report.fits import fit_tables
    from nas.report.progress import counted
    from scaling.fitting import FILE, fit

    network = load_network(name)
    judge = named_evaluator(evaluator, Task(network.num_classes, network.in_chans))
    folder = out or Path("runs") / f"{network.name}-fit"
    with resumable(shlex.join(["nascli", *sys.argv[1:]])), counted() as progress:
        found = fit(network, judge, product=product, tolerance=tolerance, step=step, out=folder, progress=progress)
    told = found.document()
    write_text(folder / FILE, json.dumps(told, indent=1))
    if as_json:
        show_json(told)
    else:
        show(*fit_tables(told), "", f"wrote {folder / FILE}")


@app.command()
def search(
    space: Annotated[str, typer.Option("--space", help="A built-in space, or a .yaml or .json file.")],
    budget: Budgets = None,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="Architectures to evaluate (default 2000).")
    ] = None,
    objective: Annotated[str, typer.Option("--objective", help="score, score,macs or score,latency@t.json")] = "score",
    sampler: Annotated[
        str | None, typer.Option("--sampler", help="model, nsga2 (default of several objectives), tpe or random.")
    ] = None,
    evaluator: Annotated[
        str | None, typer.Option("--evaluator", help="One of `nascli evaluator list`, with its keys.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", help="check.json of `nascli evaluator check`, for the record.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that evaluate.")] = 1,
    storage: Annotated[str | None, typer.Option("--storage", help="An SQL URL that processes share.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder (default runs/SPACE-BUDGET-sSEED).")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Search a space under budgets. The same command again resumes."""
    import search_spaces
    from nas.budget import Budget
    from nas.report.folder import default_folder, write_folder
    from nas.report.front_files import check_front
    from nas.report.outcome import search_document, search_tables
    from nas.report.progress import shown
    from nas.study import search as run
    from nas.study.searching import TRIALS

    table = search_spaces.load(space)
    budgets = [Budget.parse(text) for text in budget or ()]
    folder = out or default_folder(table.name, budgets, seed, objective.split(","))
    check_front(folder)
    command = shlex.join(["nascli", *sys.argv[1:]])
    with resumable(command), shown() as progress:
        study = run(
            table,
            budgets,
            evaluator,
            trials=trials or TRIALS,
            objectives=objective.split(","),
            sampler=sampler,
            workers=workers,
            storage=storage,
            out=folder,
            seed=seed,
            check=check,
            progress=progress,
        )
    if study.interrupted:
        fail(f"stopped after {len(study.trials):,} architectures; to go on: {command}", INTERRUPTED)
    told = search_document(study)
    written = write_folder(study, folder, command, told)
    if as_json:
        show_json(told)
    else:
        show(*search_tables(study, told), *(["", "wrote " + " ".join(map(str, written))] if written else []))
    raise typer.Exit(0 if study.best else 1)


@evaluator.app.command("check")
def evaluator_check(
    option: Annotated[str, typer.Argument(metavar="EVALUATOR", help="An evaluator, as for `nascli search`.")],
    space: Annotated[str, typer.Option("--space", help="A built-in space, or a .yaml or .json file.")],
    labels: Annotated[Path, typer.Option("--labels", help="Results: a CSV or JSON file with a column a slot.")],
    column: Annotated[str | None, typer.Option("--column", help="The column of the results (default value).")] = None,
    n: Annotated[int, typer.Option("--n", min=0, help="Labelled networks to score, drawn at random (0: all).")] = 500,
    band: Annotated[str, typer.Option("--band", help="Half the width of a band of macs.")] = "5%",
    budget: Budgets = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write JSON, CSV and a picture to this folder.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How well an evaluator ranks labelled networks, overall and at a fixed budget, beside what costs nothing."""
    import search_spaces
    from nas.budget import read_budgets
    from nas.evaluators import evaluator_for
    from nas.labels import read_labels
    from nas.quality import check_evaluator
    from nas.quality.bands import width_of
    from nas.report.quality import check_document, check_tables, write_check

    table, width, within = search_spaces.load(space), width_of(band), read_budgets(budget or ())
    judge, results = evaluator_for(option, table, within), read_labels(labels, table, column=column)
    check = check_evaluator(judge, results, n=n, seed=seed, width=width, budgets=within)
    told = check_document(check)
    written = [] if out is None else write_check(check, told, out)
    if as_json:
        show_json(told)
    else:
        show(*check_tables(told), *(["", "wrote " + " ".join(map(str, written))] if written else []))


@space_app.command("list")
def space_list(as_json: Json = False) -> None:
    """The built-in spaces."""
    import search_spaces
    from nas.files import document
    from nas.report.tables import grid

    spaces = [search_spaces.load(name) for name in search_spaces.names()]
    if as_json:
        rows = [{"name": s.name, "size": s.size, "evaluator": s.evaluator, "citation": s.citation} for s in spaces]
        show_json(document("nascli.spaces/1", {"spaces": rows}))
        return
    show(
        grid(
            "space|architectures>|slots>|base|default evaluator",
            [
                (
                    s.name,
                    f"{s.size:.3g}",
                    len(s.slots),
                    "-" if s.base_name == "base" else s.base_name,
                    s.evaluator or "-",
                )
                for s in spaces
            ],
        )
    )


@space_app.command("show")
def space_show(
    name: Annotated[str, typer.Argument(help="A built-in space, or a .yaml or .json file.")],
    budget: Budgets = None,
    as_json: Json = False,
) -> None:
    """A space: size, slots, share within a budget, histogram of macs."""
    import search_spaces
    from nas.budget import Budget
    from nas.report.spaces import space_document, space_tables

    space = search_spaces.load(name)
    budgets = [Budget.parse(text) for text in budget or ()]
    if as_json:
        show_json(space_document(space, budgets))
    else:
        show(*space_tables(space, budgets))


@space_app.command("lint")
def space_lint(
    name: Annotated[str, typer.Argument(help="A built-in space, or a .yaml or .json file.")],
    budget: Budgets = None,
    as_json: Json = False,
) -> None:
    """Ambiguous genomes, and choices that no network within a budget can make. Exits with 1 when there are findings."""
    import search_spaces
    from nas.budget import Budget
    from nas.files import document
    from nas.space.lint import lint

    findings = lint(search_spaces.load(name), [Budget.parse(text) for text in budget or ()])
    if as_json:
        show_json(document("nascli.lint/1", {"name": name, "findings": findings}))
    else:
        show(*(findings or ["nothing found"]))
    raise typer.Exit(1 if findings else 0)


@predictor_app.command("check")
def predictor_check(
    data: Annotated[Path, typer.Option("--data", help="A CSV file with the columns of Accel-NASBench's table.")],
    folds: Annotated[int, typer.Option("--folds", min=0, max=100, help="Refit without each fold (0: as shipped).")] = 0,
    as_json: Json = False,
) -> None:
    """How good the predictor is on rows of training results; rows that the fit has seen are counted."""
    from nas import predictor
    from nas.predictor.checking import check, cross_check
    from nas.predictor.data import read_rows
    from nas.report.checks import check_tables

    judge = predictor.load("accel_nasbench")
    rows = read_rows(data, judge.space)
    told = cross_check(judge.space, rows, folds) if folds else check(judge, rows)
    if as_json:
        show_json(told)
    else:
        show(*check_tables(told))


@predictor_app.command("fit")
def predictor_fit(
    data: Annotated[Path, typer.Option("--data", help="Accel-NASBench's table as a CSV file, one row a network.")],
    out: Annotated[Path, typer.Option("--out", help="Write the coefficients to this JSON file.")],
    folds: Annotated[int, typer.Option("--folds", min=2, max=100, help="Folds of the quality that is stated.")] = 10,
) -> None:
    """Fit the predictor anew, as the shipped one was fitted; some minutes."""
    from nas.files import write_text
    from nas.predictor.accel_nasbench import fitted
    from nas.predictor.data import read_rows
    from nas.predictor.fitting import coefficient_text
    from search_spaces.efficientnet import SPACE as space  # noqa: N811 - the table it is fitted on

    told = fitted(space, read_rows(data, space), folds=folds)
    write_text(out, coefficient_text(told))
    quality = told["quality"]
    typer.echo(f"wrote {out}: Spearman {quality['spearman']}, MAE {quality['mae']} points out of {folds} folds")


if __name__ == "__main__":
    app()
