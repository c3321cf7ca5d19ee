"""The command line: parses, calls one function, prints. Nobody imports it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from nas.errors import InfeasibleError, NasError

BAD_INPUT, INFEASIBLE, INTERRUPTED = 2, 3, 130
WIDTH = 120


class App(typer.Typer):
    """A typer application whose bad input is one line on stderr and an exit code, never a traceback."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            sys.exit(super().__call__(*args, standalone_mode=False, **kwargs))
        except NasError as error:
            _fail(str(error), INFEASIBLE if isinstance(error, InfeasibleError) else BAD_INPUT)
        except typer.Abort:
            sys.exit(INTERRUPTED)
        except BrokenPipeError:  # the reader of a pipe (head, less) has left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except USAGE_ERROR as error:
            _fail(_usage(error), BAD_INPUT)


USAGE_ERROR: Any = typer.BadParameter.__base__  # click's UsageError, which typer does not export


def _usage(error: Any) -> str:
    """What is wrong with the command line, and where to read on."""
    path = error.ctx.command_path if error.ctx else "nascli"
    return f"{str(error.format_message()).rstrip('.')} (see {path} --help)"


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    sys.exit(code)


def _group(about: str) -> App:
    return App(help=about, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


app = _group("From a device budget to a family of networks: search, scale and cost vision backbones.")
zoo_app = _group("Published networks.")
space_app = _group("Search spaces.")
predictor_app = _group("The accuracy predictor fitted on Accel-NASBench.")
app.add_typer(zoo_app, name="zoo")
app.add_typer(space_app, name="space")
app.add_typer(predictor_app, name="predictor")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Name = Annotated[str, typer.Argument(help="A network of the zoo (b0, efficientnet_b0, resnet50, …) or a JSON file.")]
Budgets = Annotated[
    list[str] | None, typer.Option("--budget", help="400M-flops (= macs), 380M..420M-flops, 5.3M-params, 20MiB-memory.")
]


def _print(*parts: object) -> None:
    """Print rich renderables or text on stdout."""
    from rich.console import Console

    wide = max(WIDTH, shutil.get_terminal_size().columns)  # numbers are never cut off: a narrow terminal wraps
    console = Console(highlight=False, soft_wrap=True, width=wide)
    for part in parts:
        console.print(part)


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2))


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
        _print_json(cost_document(network.name, total, by))
        return
    from nas.report.tables import MACS_NOTE, cost_table, share_table

    _print(cost_table({network.name: total}), *([share_table(total, by)] if by else []), MACS_NOTE)


@app.command()
def scale(
    name: Name,
    phi: Annotated[
        float | None, typer.Option("--phi", help="Compound coefficient; may be fractional or negative.")
    ] = None,
    preset: Annotated[str | None, typer.Option("--preset", help="A released member: b1 … b8, l2, v2-s …")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the scaled architecture to this JSON file.")] = None,
    as_json: Json = False,
) -> None:
    """Scale a network: EfficientNet's 1.2^φ, 1.1^φ, 1.15^φ, or a released member's multipliers."""
    from nas.files import write_text
    from nas.networks import load_network, network_document
    from scaling.report import by_phi, by_preset

    if (phi is None) == (preset is None):
        raise NasError("scale takes either --phi or --preset, for example --phi 3 or --preset b3")
    network = load_network(name)
    told = by_preset(network, preset) if preset is not None else by_phi(network, phi or 0.0)
    if out is not None:
        write_text(out, json.dumps(network_document(told.network), indent=1))
    if as_json:
        _print_json(told.document())
        return
    from nas.report.tables import MACS_NOTE, cost_table, stage_table

    _print(
        stage_table(told.architecture), "", cost_table({told.network.name: told.cost}), "", *told.remarks(), MACS_NOTE
    )


@app.command()
def search(
    space: Annotated[str, typer.Option("--space", help="A built-in space, or a .yaml or .json file.")],
    budget: Budgets = None,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="Architectures to evaluate (default 4000).")
    ] = None,
    objective: Annotated[str, typer.Option("--objective", help="score, or score with costs: score,macs")] = "score",
    sampler: Annotated[str, typer.Option("--sampler", help="nsga2, tpe or random.")] = "nsga2",
    evaluator: Annotated[
        str | None, typer.Option("--evaluator", help="accel_nasbench, or python:function=module.name.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that evaluate.")] = 1,
    storage: Annotated[str | None, typer.Option("--storage", help="An SQL URL that processes share.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder (default runs/SPACE-BUDGET-sSEED).")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Search a space under budgets. The same command again resumes."""
    import shlex

    import search_spaces
    from nas.budget import Budget
    from nas.report.outcome import default_folder, search_document, search_tables, write_folder
    from nas.report.progress import shown
    from nas.study import search as run
    from nas.study.searching import TRIALS

    table = search_spaces.load(space)
    budgets = [Budget.parse(text) for text in budget or ()]
    folder = out or default_folder(table.name, budgets, seed)
    command = shlex.join(["nascli", *sys.argv[1:]])
    with shown() as progress:
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
            progress=progress,
        )
    if study.interrupted:
        _fail(f"stopped after {len(study.trials):,} architectures; to go on: {command}", INTERRUPTED)
    written = write_folder(study, folder, command)
    if as_json:
        _print_json(search_document(study))
        return
    _print(*search_tables(study), *(["", "wrote " + " ".join(map(str, written))] if written else []))


@zoo_app.command("list")
def zoo_list(as_json: Json = False) -> None:
    """All published networks, with their cost at the published image size."""
    from nas import zoo
    from nas.files import document
    from nas.graph import cost as cost_of
    from nas.report.tables import MACS_NOTE, cost_table

    costs = {name: cost_of(zoo.build(name)) for name in zoo.names()}
    if as_json:
        rows = [
            {"name": n, "family": zoo.entry(n).family, "params": c.params, "macs": c.macs, "input_shape": c.input_shape}
            for n, c in costs.items()
        ]
        _print_json(document("nascli.zoo/1", {"networks": rows}))
        return
    _print(cost_table(costs), MACS_NOTE)


@zoo_app.command("show")
def zoo_show(name: Name, as_json: Json = False) -> None:
    """A network's table and cost."""
    from nas.graph import cost as cost_of
    from nas.networks import load_network, network_document
    from nas.report.tables import MACS_NOTE, cost_table, share_table, stage_table

    network = load_network(name)
    total = cost_of(network.graph)
    if as_json:
        if network.architecture is None:
            raise NasError(f"{name} is a bare graph; it has no table to show")
        _print_json(network_document(network, params=total.params, macs=total.macs))
        return
    table = [] if network.architecture is None else [stage_table(network.architecture), ""]
    _print(*table, cost_table({network.name: total}), "", share_table(total, "stage"), MACS_NOTE)


@zoo_app.command("draw")
def zoo_draw(
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


@space_app.command("list")
def space_list(as_json: Json = False) -> None:
    """The built-in spaces."""
    import search_spaces
    from nas.files import document
    from nas.report.tables import grid

    spaces = [search_spaces.load(name) for name in search_spaces.names()]
    if as_json:
        rows = [{"name": s.name, "size": s.size, "evaluator": s.evaluator, "citation": s.citation} for s in spaces]
        _print_json(document("nascli.spaces/1", {"spaces": rows}))
        return
    _print(
        grid(
            "space|architectures>|slots>|base|default evaluator",
            [
                (s.name, f"{s.size:.3g}", len(s.slots), s.base if isinstance(s.base, str) else "-", s.evaluator or "-")
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
        _print_json(space_document(space, budgets))
    else:
        _print(*space_tables(space, budgets))


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
        _print_json(document("nascli.lint/1", {"name": name, "findings": findings}))
    else:
        _print(*(findings or ["nothing found"]))
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
        _print_json(told)
    else:
        _print(*check_tables(told))


@predictor_app.command("fit")
def predictor_fit(
    data: Annotated[Path, typer.Option("--data", help="Accel-NASBench's table as a CSV file, one row a network.")],
    out: Annotated[Path, typer.Option("--out", help="Write the coefficients to this JSON file.")],
    folds: Annotated[int, typer.Option("--folds", min=2, max=100, help="Folds of the quality that is stated.")] = 10,
) -> None:
    """Fit the predictor anew, as the shipped one was fitted; some minutes."""
    import search_spaces
    from nas.files import write_text
    from nas.predictor.accel_nasbench import fitted
    from nas.predictor.data import read_rows
    from nas.predictor.fitting import coefficient_text

    space = search_spaces.load("efficientnet")
    told = fitted(space, read_rows(data, space), folds=folds)
    write_text(out, coefficient_text(told))
    quality = told["quality"]
    typer.echo(f"wrote {out}: Spearman {quality['spearman']}, MAE {quality['mae']} points out of {folds} folds")


if __name__ == "__main__":
    app()
