"""Score against cost of all that was tried, and the front among published networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nas.report.family import Member, family_picture
from nas.report.figure import PAGE
from nas.report.folder import AXES, LATENCIES, study_front
from nas.report.page.html import Html, folded, missing, note, paragraph, table
from nas.report.page.inline import figure
from nas.report.page.page import Page
from nas.report.page.sections.words import amount, interval, plain
from nas.report.zoo import published_families
from nas.study.result import Trial

CLASSES = 1000  # of published networks
AROUND = 2.5  # published networks that cost up to this factor more or less than the front are shown
FEWEST = 2  # members of a family that is shown
NAMED = 6  # networks of the front that the second picture shows


def tell(page: Page) -> list[Html]:
    """Two pictures and a table."""
    study = page.study
    quiet = replace(study, about=replace(study.about, note=""))
    told = f"Score against {AXES[page.metric][0]} of {len(study.scored):,} networks, their front, winner and baselines."
    if page.metric == study.metric:
        body = [figure(study_front(quiet, PAGE), "front", told)]
    else:  # a study of an untimed space would draw latencies as macs
        body = [missing(f"The picture of score against latency needs {LATENCIES} in the folder.")]
    if not page.search.whole:
        body.append(missing("Only the networks of the front and the ties are shown: the others are not in the folder."))
    body.append(folded(f"The front as a table ({len(study.front)} networks)", _table(page)))
    return body + _published(page)


def _table(page: Page) -> Html:
    rows = [
        (
            "winner" if trial is page.best else "",
            f"{trial.score.value:.2f}",
            interval(trial.score.low, trial.score.high),
            trial.costs["macs"],
            trial.costs["params"],
            amount(trial.costs, "memory"),
            *([amount(trial.costs, "latency")] if "latency" in trial.costs else []),
        )
        for trial in page.study.front
        if trial.score is not None
    ]
    timed = "latency (predicted)>|" if "latency" in page.best.costs else ""
    return table(f"|score>|90 % interval>|macs>|params>|memory>|{timed}".rstrip("|"), rows)


def _published(page: Page) -> list[Html]:
    """The front by macs and params among published families, since no published network but the base has a score."""
    if page.study.space.num_classes != CLASSES:
        count = page.study.space.num_classes
        return [missing(f"No published networks are shown: they tell {CLASSES} classes apart, and these {count}.")]
    shown = thinned(page.study.front, page.best)
    low, high = shown[0].macs / AROUND, shown[-1].macs * AROUND
    families = {
        name: near
        for name, members in published_families().items()
        if len(near := [one for one in members if low <= one.macs <= high]) >= FEWEST
    }
    members = [Member(_name(page, trial), float(trial.macs), float(trial.costs["params"])) for trial in shown]
    picture = family_picture(members, PAGE, title="The front among published networks", published=families)
    told = f"Macs and params of {len(members)} networks of the front, among {len(families)} published families."
    return [
        figure(picture, "published", told),
        note(
            "Published networks at their own image size, by what they cost: this evaluator has no score for them, "
            "but for those that stand in the first picture. The front is named by its scores."
        ),
        *([] if families else [paragraph("No published family costs about as much.")]),
    ]


def thinned(front: Sequence[Trial], best: Trial) -> list[Trial]:
    """The winner and some others of the front, evenly over it; fewest macs first."""
    step = max(1, -(-len(front) // NAMED))
    kept = [trial for number, trial in enumerate(reversed(front)) if number % step == 0 or trial is best]
    kept = kept if any(trial is best for trial in kept) else [*kept, best]
    return sorted(kept, key=lambda trial: trial.macs)


def _name(page: Page, trial: Trial) -> str:
    assert trial.score is not None
    return f"{'winner ' if trial is page.best else ''}{plain(trial.score.value)}"
