"""The sections as one document, with its style inside."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from nas.ranking import value
from nas.report.page.html import Html, Missing, element, markup, paragraph
from nas.report.page.page import WINNER, Page
from nas.report.page.sections import SECTIONS
from nas.report.page.sections.words import amount, interval, percent, plain, sentence, told_score
from nas.version import __version__

# Nothing may be loaded and nothing may run, whatever a record has brought in.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@cache
def style() -> str:
    """The style sheet."""
    return Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def laid_out(page: Page) -> tuple[str, list[str]]:
    """The document, and the names of the sections that say what the record lacks."""
    sections, lacking = [], []
    for name, section in SECTIONS.items():
        body = section.tell(page)
        if any(isinstance(part, Missing) for part in body):
            lacking.append(name)
        sections.append(element("section", element("h2", section.title), *body, id=name, aria_label=section.title))
    title = f"{page.study.space.name}: {' and '.join(map(str, page.budgets)) or 'no budget'}"
    head = element(
        "head",
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        element("title", title),
        element("style", Html(style())),
    )
    links = [element("li", element("a", section.title, href=f"#{name}")) for name, section in SECTIONS.items()]
    top = element("header", element("h1", title), *_summary(page), element("nav", element("ul", *links)))
    foot = element("footer", paragraph(f"Written by nascli {__version__}; this file needs no network and no script."))
    whole = element("body", top, element("main", *sections), foot)
    return f"<!DOCTYPE html>\n{element('html', head, whole, lang='en')}\n", lacking


def _over(page: Page) -> list[str]:
    """Which latency budgets the winner's measured time is over."""
    rows = () if page.record.latency is None else page.record.latency.finalists
    taken = [one.measured_ns for one in rows if one.name == WINNER]
    caps = [budget for budget in page.budgets if budget.metric == "latency"]
    over = [str(budget) for budget in caps if taken and taken[0] > budget.high]
    return [f"; what was measured is over {' and '.join(over)}"] if over else []


def _summary(page: Page) -> list[Html]:
    """The result in two sentences, and the caveat of its score."""
    best, name = page.best, page.study.space.base_name
    costs = ", ".join(amount(best.costs, metric) for metric in ("macs", "params") if metric in best.costs)
    result = markup(f"The best of {page.record.trials.run:,} networks: ", element("strong", plain(value(best))))
    ends = interval(best.score.low, best.score.high) if best.score else ""
    unit, spread = f" {page.unit}".rstrip(), f" (90 % interval {ends})" if ends else ""
    lines = [element("p", result, f"{unit}{spread}, at {costs}.", class_="result")]
    if page.latency:
        lines.append(paragraph(f"Latency: {page.latency}", *_over(page), "."))
    base = next((one for one in page.study.baselines if one.name == name), None)
    if base is not None and base.costs.get("macs"):
        known = told_score(base.score) if base.score else "no score here"
        against = f"{name}: {known}; the winner has {percent(best.macs, base.costs['macs'])} macs."
        lines.append(paragraph(against))
    return [
        *lines,
        *([element("p", sentence(page.record.score.note), class_="note")] if page.record.score.note else []),
    ]
