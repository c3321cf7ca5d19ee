"""What a tenth more or less of the budgets would buy."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from nas.budget import Budget, human
from nas.report.folder import LATENCIES
from nas.report.page.html import Html, command, missing, note, paragraph, table
from nas.report.page.nudges import Nudge, climbed, visited
from nas.report.page.page import Page
from nas.report.page.sections.words import change, exact, score_head, scored


def tell(page: Page) -> list[Html]:
    """The best networks at 90, 100 and 110 % of the budgets."""
    if not page.budgets:
        return [missing("The search had no budget.")]
    if page.judge is not None and page.asks and not page.untimed:
        found = climbed(page.study, page.judge, page.asks)
        return [_table(page, found), note(_climbs(found, page.asks))]
    found = visited(page.study)
    return [_table(page, found), missing(_why(page)), *_again(page, found[-1])]


def _climbs(found: Sequence[Nudge], most: int) -> str:
    asked = sum(nudge.asked for nudge in found)
    return (
        "From the study's evaluator: at each size a climb from the best trial there, in steps of one or two slots, "
        f"until none is better; {asked:,} networks were scored for it. Each is one climb and may stop below the "
        "best there is. Where 100 % is above the winner, that is what the search has left, or what the winner gave "
        "up for a lower cost."
    ) + (f" A climb was broken off after {most:,} networks." if any(nudge.broken_off for nudge in found) else "")


def _why(page: Page) -> str:
    """Why only trials are told."""
    if page.asks and page.record.latency is not None:
        unknown = (
            f"latencies of other networks are not known here, as {LATENCIES} is not in the folder (the table of digest "
            f"{page.record.latency.table})"
        )
    else:
        unknown = "a report does not ask this evaluator for scores of other networks"
    return (
        f"From the visited trials alone: {unknown}. The search has looked at nothing above its budgets, so what a "
        "larger one would buy is not known."
    )


def _again(page: Page, more: Nudge) -> list[Html]:
    """The search that would tell what more of the budgets buys, and what it takes."""
    trials, seconds = page.record.trials.run, page.record.seconds
    took = "" if page.record.resumed else f", which took {seconds:.0f} s" if seconds >= 10 else f", {seconds:.1f} s"
    told = paragraph(f"To know it takes another search: {trials:,} more evaluations, as many as in this one{took}.")
    again = _asked_again(page.record.command, page.budgets, more.budgets)
    return [told, command(again)] if again else [told]


def _asked_again(asked: str, budgets: Sequence[Budget], others: Sequence[Budget]) -> str:
    """The command with the other budgets and a folder of their own; "" where it does not spell its budgets."""
    try:
        words = [part for word in shlex.split(asked) for part in (word.split("=", 1) if word[:2] == "--" else [word])]
    except ValueError:
        return ""
    texts = {str(budget): _spelled(other, budget) for budget, other in zip(budgets, others, strict=True)}
    given = [number for number, word in enumerate(words) if number and words[number - 1] == "--budget"]
    if [words[number] for number in given] != list(texts):
        return ""
    for number, word in enumerate(words):
        if number in given:
            words[number] = texts[word]
        elif number and words[number - 1] == "--out":
            words[number] += "-110"
    return shlex.join(words)


def _spelled(budget: Budget, like: Budget) -> str:
    """A budget as a command takes it, of the file that the other one names."""
    unit, scale = {"memory": ("B", 1), "latency": ("ms", 10**6)}.get(budget.metric, ("M", 10**6))
    ends = [f"{end / scale:.9g}{unit}" for end in (budget.low, budget.high) if end]
    _, at, file = like.text.partition("@")
    return f"{'..'.join(ends)}-{budget.metric}{at}{file}"


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
    head = score_head(*(nudge.best.score for nudge in found if nudge.best is not None))
    return table(f"of the budget>|allows>|best {head}>|gain>|macs>|params>", rows)
