"""The winner beside the base network of its space: what differs, and what each difference buys."""

from __future__ import annotations

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.budget import human
from nas.evaluators.score import Score
from nas.graph import Cost, cost
from nas.lowering import lower
from nas.report.page.html import Html, markup, missing, note, paragraph, table
from nas.report.page.page import Page
from nas.report.page.sections.words import METRICS, change, counted, percent, plain, score_head, scored
from nas.study.result import Baseline


def tell(page: Page) -> list[Html]:
    """Costs and scores side by side, then stage by stage."""
    name = page.study.space.base_name
    base = next((one for one in page.study.baselines if one.name == name), None)
    body = [_costs(page, base), *_verdict(page, base)]
    if (both := page.tables) is None:
        return [*body, missing("Networks of cells have no stages to lay side by side.")]
    return body + _stages(page, *both)


def _costs(page: Page, base: Baseline | None) -> Html:
    name = page.study.space.base_name
    mine, theirs = page.cost, cost(page.base)
    scores = page.best.score, None if base is None else base.score
    rows: list[tuple[object, ...]] = [(score_head(*scores), *map(scored, scores), _gain(*scores))]
    for metric in METRICS:
        pair = int(getattr(mine, metric)), int(getattr(theirs, metric))
        shown = (human(pair[0], metric), human(pair[1], metric)) if metric == "memory" else pair
        rows.append((metric, *shown, percent(*pair)))
    if base is not None and "latency" in page.best.costs and "latency" in base.costs:
        pair = page.best.costs["latency"], base.costs["latency"]
        rows.append(("predicted latency", *(human(time, "latency") for time in pair), percent(*pair)))
    sizes = [graph.input_shape for graph in (page.graph, page.base)]
    rows.append(("input", *("×".join(map(str, size)) for size in sizes), ""))
    return table(f"|winner>|{name}>|difference>", rows)


def _gain(score: Score | None, other: Score | None) -> str:
    return "-" if score is None or other is None else change(score.value - other.value)


def _verdict(page: Page, base: Baseline | None) -> list[Html]:
    """What the winner buys, in one sentence; what is not known of the base."""
    name = page.study.space.base_name
    if base is None or base.score is None or page.best.score is None:
        why = f" ({base.note})" if base is not None and base.note else ""
        return [missing(f"{name} has no score by this evaluator in the record{why}; its costs are exact.")]
    told = " and ".join(
        f"{percent(page.best.costs[metric], base.costs[metric])} {metric}"
        for metric in ("macs", "params")
        if base.costs.get(metric)
    )
    gain = page.best.score.value - base.score.value
    ties = "; their intervals cannot tell the scores apart" if page.best.score.ties(base.score) else ""
    over = f" {name} is {base.note}." if base.note else ""
    more = f"{plain(abs(gain))} {'less' if gain < 0 else 'more'} than {name}"
    return [paragraph(f"With {told}, the winner scores {more}{ties}.{over}")]


def _stages(page: Page, mine: Architecture, theirs: Architecture) -> list[Html]:
    """A line a stage: the cells that differ, and the winner's costs less the base's."""
    shares = page.cost.by_stage, cost(page.base).by_stage
    known = page.judge is not None and len(mine.stages) == len(theirs.stages)
    rows = []
    for number in range(max(len(mine.stages), len(theirs.stages))):
        pair = [table_.stages[number] if number < len(table_.stages) else None for table_ in (mine, theirs)]
        names = [share.get(f"stage{number + 1}") for share in shares]
        costs = [counted(getattr(names[0], metric, 0) - getattr(names[1], metric, 0)) for metric in ("macs", "params")]
        equal = pair[0] == pair[1]
        alone = _swapped(page, mine, theirs, number) if known and not equal else ("", "")
        rows.append((number + 1, _differing(*pair), *(("", "") if equal else costs), *(alone if known else ())))
    header = "stage>|in the winner, and in the base|macs here>|params here>"
    body = [table(header + ("|alone it buys>|for macs>" if known else ""), rows, "What differs")]
    if known:
        told = (
            "Alone it buys: what the winner scores more than the same network with this one stage as in the base, by "
            "the study's evaluator, and for how many macs; where channels differ, the next stage costs other macs too."
        )
    else:
        told = (
            "What each difference alone buys is not known: that needs scores of networks that the search has not "
            "tried, and its evaluator is not one that a report can ask."
        )
    return [*body, note(told) if known else missing(told)]


def _differing(mine: Stage | None, theirs: Stage | None) -> object:
    """The cells in which two rows differ."""
    if mine is None or theirs is None:
        return "only in the winner" if theirs is None else "only in the base"
    one, other = mine.model_dump(), theirs.model_dump()
    told = [
        f"{key} {_cell(one.get(key))}, was {_cell(other.get(key))}"
        for key in {**one, **other}
        if one.get(key) != other.get(key)
    ]
    return "; ".join(told) or markup(Html('<span class="muted">the same</span>'))


def _cell(value: object) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _swapped(page: Page, mine: Architecture, theirs: Architecture, number: int) -> tuple[str, str]:
    """What the winner's stage gains over the base's in its place: score and macs."""
    stages = (*mine.stages[:number], theirs.stages[number], *mine.stages[number + 1 :])
    other = mine.model_copy(update={"stages": stages})
    space = page.study.space
    total: Cost = cost(lower(other, space.num_classes, space.in_chans))
    assert page.judge is not None  # the caller has looked
    answer = page.judge.evaluate([other])[0]
    gain = _gain(page.best.score, answer if isinstance(answer, Score) else None)
    return gain, counted(page.cost.macs - total.macs)
