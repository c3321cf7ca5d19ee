"""`nascli report`: a search as a page. Scaling is a wing, so whoever adds the command hands in how a family is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nas.budget import human
from nas.commands.arguments import Json
from nas.report.console import App, show, show_json

if TYPE_CHECKING:
    from nas.networks import Network
    from nas.report.page import Family

FamilyBy = Callable[[str], Callable[["Network", str], "Family"]]  # a rule -> a network, budgets ("200M,400M-flops")
TIMES = (1, 2, 4, 8)  # the winner's macs, of the members of a family that is not asked for


def add(app: App, family_by: FamilyBy) -> None:
    """Add the command to `app`; `family_by` raises for a rule that is none."""

    @app.command("report")
    def report(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder that a search left.")],
        out: Annotated[Path | None, typer.Option("-o", "--out", help="The page (default DIR/report.html).")] = None,
        family: Annotated[
            str | None,
            typer.Option("--family", help="Budgets of the scaled family: 200M,400M-flops (default ×1, 2, 4, 8 macs)."),
        ] = None,
        rule: Annotated[str, typer.Option("--rule", help="Of the family, as for `nascli scale`.")] = "efficientnet",
        as_json: Json = False,
    ) -> None:
        """A search as one HTML file that needs nothing else: result, budgets, front, choices, how to reproduce."""
        from nas.files import check_writable
        from nas.graph import cost
        from nas.report.page import Page, made, read_search, write_report

        target = out or folder / "report.html"
        search = read_search(folder)
        check_writable(target)
        made_by = family_by(rule)

        def scaled(network: Network) -> Family:
            return made_by(network, family or _times(cost(network.graph).macs))

        if family is None:
            page = made(search, scaled)  # without a family of that kind the page says why
        else:
            page = Page(search, "")
            page.family = scaled(page.network)
        told = write_report(page, target)
        if as_json:
            show_json(told)
        else:
            lacking = [f"it says what the record lacks in: {', '.join(told['lacking'])}"] if told["lacking"] else []
            show(f"wrote {told['out']} ({told['bytes']:,} bytes)", *lacking)


def _times(macs: int) -> str:
    """Budgets of a family from so many macs on, rounded up to four digits, so that the first holds the winner."""
    ends = []
    for amount in (times * macs for times in TIMES):
        step = 10 ** max(0, len(str(amount)) - 4)
        ends.append(human(-(-amount // step) * step, "").strip())
    return f"{','.join(ends)}-macs"
