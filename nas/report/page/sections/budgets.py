"""What was allowed, how many networks that leaves, and whether the winner pushes against it."""

from __future__ import annotations

from statistics import median

from nas.budget import Budget, human
from nas.errors import NasError
from nas.report.folder import LATENCIES
from nas.report.page.html import Html, bar, markup, missing, paragraph, table
from nas.report.page.page import Page

TIGHT = 0.95  # a winner that uses this share of a cap, or more, is bound by it
FIRST = 10  # best trials


def tell(page: Page) -> list[Html]:
    """A line a budget, and how many networks are within them."""
    if not page.budgets:
        return [missing("The search had no budget.")]
    body = [table("budget|allows|winner|of the cap>|", [_row(page, budget) for budget in page.budgets])]
    body.append(paragraph(_within(page)))
    return body + [paragraph(_bound(page, budget)) for budget in page.budgets if budget.metric in page.best.costs]


def _row(page: Page, budget: Budget) -> tuple[object, ...]:
    found = page.best.costs.get(budget.metric)
    ends = f"{human(budget.low, budget.metric)} to " if budget.low else "at most "
    allows = ends + human(budget.high, budget.metric)
    if found is None:
        return str(budget), allows, "-", "-", ""
    share = found / budget.high
    return (
        str(budget),
        allows,
        human(found, budget.metric),
        f"{100 * share:.1f} %",
        bar(share),
    )


def _bound(page: Page, budget: Budget) -> str:
    """Whether the winner and the best trials push against a cap, in words."""
    found = page.best.costs[budget.metric]
    left = human(budget.high - found, budget.metric)
    told = (
        f"{budget} binds: the winner stands at it." if found >= TIGHT * budget.high else f"{budget}: {left} are left."
    )
    if page.study.concession and len(page.study.ties) > 1 and budget.metric == page.metric:
        told += " Of networks that tie, the winner is one that is cheap by it."
    top = [trial for trial in page.study.scored[:FIRST] if budget.metric in trial.costs]
    used = [100 * trial.costs[budget.metric] / budget.high for trial in top]
    spread = f"{min(used):.0f} to {max(used):.0f} % of it (median {median(used):.0f} %)"
    return f"{told} The {len(used)} best trials use {spread}."


def _within(page: Page) -> Html:
    """How many networks of the space the budgets admit."""
    space = page.study.space
    if page.untimed:
        return markup(f"How many networks are within is not counted: {LATENCIES} is not in the folder.")
    try:
        count = space.count(page.budgets)
    except NasError as error:
        return markup(f"How many networks are within is not known: {error}")
    number = f"{count:,}" if count.exact else f"about {count:.4g} ({count.low:.4g} to {count.high:.4g})"
    return markup(f"Of the space's {space.size:,} networks, {number} are within: {100 * count / space.size:.3g} %.")
