"""How far to trust the score: what it is, what was measured of how it ranks, and how honest its intervals are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nas.budget import human
from nas.report.page.html import Html, facts, missing, paragraph, table
from nas.report.page.page import Page
from nas.report.page.sections.words import plain, sentence
from nas.report.standing import standing

# What a record's quality may say, in words; a figure without words stands under its own name.
FIGURES = {
    "n": "labelled networks",
    "spearman": "Spearman's rank correlation with labels",
    "kendall": "Kendall's rank correlation",
    "mae": "mean absolute error",
    "coverage90": "share of labels inside the 90 % interval",
    "coverage90_best": "the same among those that score best",
    "bias_best": "mean error among those that score best",
    "recall_top10": "share of the best tenth found",
    "regret_share": "of the possible gain missed by picking the best score",
    "used_in_fit": "labels that the evaluator was fitted on",
    "verdict": "verdict",
    "why": "because",
}


def tell(page: Page) -> list[Html]:
    """The caveat, the standing, the figures, the bands."""
    about = page.study.about
    note = " Its caveat stands at the top of this page." if about.note else ""
    body = [paragraph(f"The score is what {about.name} says of a network: {about.unit}.{note}")]
    try:
        line = f"{sentence(standing(about, page.study.space.name))}."
        body += [paragraph(line), *_figures(about.quality)] if about.quality else [missing(line)]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        body.append(missing("The record's figures of quality are not in a form that is known here."))
    score = page.best.score
    if score is None or score.low is None:
        body.append(missing("This evaluator gives no intervals, so differences between scores cannot be weighed."))
    else:
        ties = f"{len(page.study.ties):,} of {len(page.study.scored):,} scored networks"
        told = (
            f"The winner's 90 % interval is ± {plain(score.half_width)}; {ties} cannot be told from the highest score."
        )
        body.append(paragraph(told))
    return body


def _figures(quality: Mapping[str, Any]) -> list[Html]:
    plain = {key: figure for key, figure in quality.items() if isinstance(figure, (int, float, str))}
    order = [*(key for key in FIGURES if key in plain), *(key for key in plain if key not in FIGURES)]
    body = [facts((FIGURES.get(key, key.replace("_", " ")), _said(plain[key])) for key in order)]
    rows = [_band(band) for band in quality.get("bands", ())]
    if rows:
        body.append(table("macs|networks>|Spearman>|inside the interval>", rows, "At a fixed budget"))
    return body


def _band(band: Mapping[str, Any]) -> tuple[object, ...]:
    ends = [band[key] for key in ("low_macs", "high_macs") if key in band]
    where = " to ".join(human(end, "macs") for end in ends) if ends else f"{human(band['center_macs'], 'macs')} ± 5 %"
    cover = band.get("coverage90")
    return (
        where,
        int(band["n"]),
        _said(band.get("spearman")),
        "-" if cover is None else f"{100 * cover:.0f} %",
    )


def _said(figure: object) -> str:
    if isinstance(figure, bool):
        return "yes" if figure else "no"
    if isinstance(figure, int):
        return f"{figure:,}"
    if isinstance(figure, float):
        return f"{figure:.3g}".replace("-", "\N{MINUS SIGN}")
    return "-" if figure is None else str(figure)
