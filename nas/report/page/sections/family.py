"""The winner scaled to larger budgets."""

from __future__ import annotations

from nas.report.figure import PAGE
from nas.report.page.html import Html, missing, note, of_terminal, paragraph
from nas.report.page.inline import figure
from nas.report.page.page import Page
from nas.report.tables import family_table


def tell(page: Page) -> list[Html]:
    """The members, and where they stand among published families."""
    family = page.family
    if isinstance(family, str):
        return [missing(f"No family: {family}")]
    rows = family.rows()
    told = f"Macs and params of the {len(rows)} members, in front of published families."
    return [
        of_terminal(family_table(rows)),
        *(paragraph(line) for line in family.remarks() if line),
        figure(family.picture(PAGE), "family", told),
        note("No member was scored: a rule of scaling says how the network grows, not what it reaches."),
    ]
