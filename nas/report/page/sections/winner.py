"""The winner: its table, what each stage costs, and its graph."""

from __future__ import annotations

from nas.architecture import Architecture
from nas.report.drawing import picture
from nas.report.figure import PAGE
from nas.report.outcome import LEAST
from nas.report.page.html import Html, bar, command, facts, folded, note, of_terminal, table
from nas.report.page.inline import figure
from nas.report.page.page import Page
from nas.report.page.sections.words import METRICS, exact, plain, told_score
from nas.report.tables import MACS_NOTE, stage_table


def tell(page: Page) -> list[Html]:
    """Stage table, cost by stage, graph."""
    name = page.graph.name
    rows: list[tuple[str, object]] = [("name", name), ("score", told_score(page.best.score, page.unit))]
    rows += [(metric, exact(page.best.costs, metric)) for metric in METRICS if metric in page.best.costs]
    if page.latency:
        rows.append(("latency", page.latency))
    body = [facts(rows), note(f"{MACS_NOTE}; memory: float32 weights and activations of one image.")]
    if page.study.concession and len(page.study.ties) > 1:
        body.append(
            note(
                f"{len(page.study.ties):,} networks tie with the highest score: their intervals cannot tell them "
                f"apart. The winner is the one with {LEAST[page.metric]} within "
                f"{plain(page.study.concession)} of it."
            )
        )
    if isinstance(page.architecture, Architecture):
        body.append(of_terminal(stage_table(page.architecture)))
    else:
        body += [folded("The cells, as JSON", _cells(page))]
    body.append(_by_stage(page))
    told = f"The graph of {name}, stage by stage: {len(page.graph.nodes)} operations."
    caption = "A block that repeats is drawn once. What is wider than the page scrolls sideways."
    drawn = figure(picture(page.graph, PAGE), "graph", told, caption, natural=True)
    return [*body, drawn]


def _by_stage(page: Page) -> Html:
    total = page.cost
    rows = []
    for name, share in total.by_stage.items():
        if share.params or share.macs:
            parts = share.macs / max(1, total.macs), share.params / max(1, total.params)
            cells = [cell for part in parts for cell in (f"{100 * part:.1f} %", bar(part))]
            rows.append((name or "-", share.macs, *cells[:2], share.params, *cells[2:], share.activations))
    return table("stage|macs>|of all>||params>|of all>||activations>", rows, "Cost by stage")


def _cells(page: Page) -> Html:
    return command(page.architecture.model_dump_json(indent=1))
