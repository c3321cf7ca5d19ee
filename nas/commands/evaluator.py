"""`nascli evaluator`: what candidates are worth, and who says so."""

from __future__ import annotations

from typing import Annotated

import typer

from nas.commands.arguments import Json
from nas.report.console import group, show, show_json

app = group("Evaluators: what a candidate is worth.")

Evaluator = Annotated[str, typer.Argument(help="One of `nascli evaluator list`, also with its keys: zen:batch=4.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All evaluators, with the unit of their scores and what one takes."""
    from nas.report.evaluators import evaluators_document, evaluators_tables

    if as_json:
        show_json(evaluators_document())
    else:
        show(*evaluators_tables())


@app.command("show")
def show_(option: Evaluator, as_json: Json = False) -> None:
    """An evaluator's keys, the unit of its score, and what the score is not."""
    from nas.report.evaluators import evaluator_document, evaluator_tables

    if as_json:
        show_json(evaluator_document(option))
    else:
        show(*evaluator_tables(option))
