"""Which choices matter: what each slot moves, from the trials of the search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas.ranking import value
from nas.report.page.effects import Effect, Effects, effects, told
from nas.report.page.html import Html, bar, folded, missing, note, paragraph, table
from nas.report.page.page import Page
from nas.report.page.sections.words import change, counted

SHOWN = 12


def tell(page: Page) -> list[Html]:
    """The slots that move the score most; the others folded away."""
    study = page.study
    if not page.search.whole:
        return [missing("Not known: it needs all trials, and this folder has only those of the front and the ties.")]
    genomes = np.array([trial.genome for trial in study.scored])
    scores = np.array([value(trial) for trial in study.scored])
    macs = np.array([float(trial.macs) for trial in study.scored])
    found = effects(genomes, scores, macs, study.space.choices)
    if found is None:
        count = f"{len(scores):,} scored trials"
        return [missing(f"Not known: {count} are too few, or too alike, to tell {len(study.space.slots)} slots apart.")]
    own = dict(zip(study.space.slots, page.best.genome.tolist(), strict=True))
    names = {slot: told(values[own[slot]]) for slot, values in study.space.choices.items()}
    clear = sum(row.told_apart for row in found.rows)
    body = [
        paragraph(f"{clear} of {len(study.space.slots)} slots move the score by more than chance does."),
        _table(found.rows[:SHOWN], names, found.rows[0].gain),
    ]
    if found.rows[SHOWN:]:
        others = _table(found.rows[SHOWN:], names, found.rows[0].gain)
        body.append(folded(f"The other {len(found.rows) - SHOWN} slots", others))
    return [*body, note(_method(found))]


def _table(rows: Sequence[Effect], names: dict[str, str], longest: float) -> Html:
    cells = [
        (
            row.slot,
            f"{row.best} over {row.worst}",
            change(row.gain),
            f"{change(row.low)} to {change(row.high)}",
            bar(row.gain / longest if longest > 0 else 0),
            counted(row.macs),
            names[row.slot] + ("" if row.told_apart else " (cannot be told apart)"),
        )
        for row in rows
    ]
    return table("slot|best over worst|score>|90 % interval>||macs>|the winner has", cells)


def _method(found: Effects) -> str:
    left = f" Not judged, as the trials hardly varied them: {', '.join(found.unjudged)}." if found.unjudged else ""
    return (
        f"An additive model of the {found.trials:,} scored trials (ridge regression on one column a choice): what the "
        "best choice of a slot scores more than the worst, all other slots equal and whatever it costs; intervals from "
        f"200 bootstrap resamples of the trials. The model foretells {100 * max(0.0, found.foretold):.0f} % of the "
        "variance of trials left out (10-fold); what slots do together is in none of these figures, and a search looks "
        "mostly where scores are high: these are no effects over the whole space. Best and worst are picked from the "
        "same trials, so small effects read a little too large." + left
    )
