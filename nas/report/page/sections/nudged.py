"""What a tenth more or less of the budgets would buy."""

from __future__ import annotations

from collections.abc import Sequence

from nas.budget import Budget, human
from nas.report.page.html import Html, missing, note, table
from nas.report.page.nudges import MOST, Nudge, climbed, visited
from nas.report.page.page import Page
from nas.report.page.sections.words import change, exact, scored


def tell(page: Page) -> list[Html]:
    """The best networks at 90, 100 and 110 % of the budgets."""
    if not page.budgets:
        return [missing("The search had no budget.")]
    of_table = any(budget.table for budget in page.budgets)  # a report reads no file that a record names
    if (judge := page.quick) is not None and not of_table:
        found = climbed(page.study, judge)
        asked = sum(nudge.asked for nudge in found)
        how = (
            "From the study's evaluator: at each size a climb from the best trial there, in steps of one or two slots, "
            f"until none is better; {asked:,} networks were scored for it. Each is one climb and may stop below the "
            "best there is. Where 100 % is above the winner, that is what the search has left, or what the winner gave "
            "up for fewer macs."
        )
        if any(nudge.asked >= MOST for nudge in found):
            how += f" A climb was broken off after {MOST:,} networks."
        return [_table(page, found), note(how)]
    found = visited(page.study)
    why = "latencies of other networks are not" if of_table else "this evaluator's scores of other networks are not"
    how = (
        f"From the visited trials alone: {why} known here. What a larger budget would buy is not known either, since "
        "the search has looked at nothing above its own; search again with that budget."
    )
    return [_table(page, found), missing(how)]


def _ends(budget: Budget) -> str:
    low = f"{human(budget.low, budget.metric)} to " if budget.low else "at most "
    return low + human(budget.high, budget.metric)


def _table(page: Page, found: Sequence[Nudge]) -> Html:
    middle = next(nudge.best for nudge in found if nudge.size == 1)
    rows = []
    for nudge in found:
        best = nudge.best
        score = None if best is None else best.score
        against = None if middle is None else middle.score
        rows.append(
            (
                f"{100 * nudge.size:.0f} %",
                ", ".join(_ends(budget) for budget in nudge.budgets),
                scored(score),
                "-" if score is None or against is None else change(score.value - against.value),
                "-" if best is None else best.macs,
                "-" if best is None else exact(best.costs, "params"),
            )
        )
    return table("budget>|allows>|best score>|gain>|macs>|params>", rows)
