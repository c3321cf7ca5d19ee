"""A finished search as a document and as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nas.budget import human
from nas.evaluators.score import Score
from nas.files import document
from nas.ranking import value
from nas.report.agreement import agreement, agreement_lines
from nas.report.front_files import front_file
from nas.report.latency import finalist_lines, foreign_lines, latency_told
from nas.report.standing import standing
from nas.report.tables import MACS_NOTE, grid, score_row
from nas.study.result import Baseline, Study, Trial

SEARCH = "nascli.search/1"
TOLD_TIES, SHOWN = 10, 12
LEAST = {"macs": "fewest macs", "latency": "least latency"}


def search_document(study: Study) -> dict[str, Any]:
    """The contract of `nascli search --json`."""
    return document(
        SEARCH,
        {
            "space": study.space.name,
            "budgets": [str(budget) for budget in study.budgets],
            "evaluator": {
                "name": study.about.name,
                "fingerprint": study.about.fingerprint,
                "quality": study.about.quality,
            },
            "score": {"unit": study.about.unit, "note": study.about.note},
            "best": None if study.best is None else _best_row(study, study.best),
            "ties": [_trial_row(study, trial) for trial in study.ties[:TOLD_TIES]],
            "tied": len(study.ties),
            "baselines": [_baseline_row(baseline) for baseline in study.baselines],
            "trials": {
                "run": len(study.trials),
                "unique": len({trial.genome.tobytes() for trial in study.scored}),
                "feasible": sum(all(b.admits(t.costs) for b in study.budgets) for t in study.trials),
                "failed": len(study.trials) - len(study.scored),
                "reasons": reasons(study),
            },
            "remarks": [*study.remarks, *finalist_lines(study), *foreign_lines(study)],
            "agreement": agreement(study),
            "exhausted": study.exhausted,
            **latency_told(study),
            "seconds": round(study.seconds, 3),
            "resumed": study.resumed,
            "out": None if study.out is None else str(study.out),
        },
    )


def reasons(study: Study) -> dict[str, int]:
    """Why trials failed, and how many for each reason, the most frequent first."""
    return dict(Counter(trial.reason for trial in study.trials if trial.score is None).most_common())


def _trial_row(study: Study, trial: Trial) -> dict[str, Any]:
    return {"digest": study.graph(trial).digest(), **score_row(trial.score), **trial.costs}


def _best_row(study: Study, trial: Trial) -> dict[str, Any]:
    return {**_trial_row(study, trial), "architecture": study.architecture(trial).model_dump(mode="json")}


def _baseline_row(baseline: Baseline) -> dict[str, Any]:
    return {"name": baseline.name, **score_row(baseline.score), **baseline.costs, "note": baseline.note}


# -- for people -------------------------------------------------------------------------------------------


def search_tables(study: Study, told: dict[str, Any] | None = None) -> list[object]:
    """The winner beside its baselines, its ties, the front, and what the score is and is not.

    `told`, the study's document, has the agreement of its score with others where no label stands behind it.
    """
    failed = [f"{count:,} of {len(study.trials):,} failed: {why}" for why, count in list(reasons(study).items())[:3]]
    if study.best is None:
        return ["no architecture could be scored", *failed]
    rows = [
        ("best", study.best.score, study.best.costs, ""),
        *((f"best ≤ {b.name}", t.score, t.costs, f"at no more {study.metric}") for b, t in _no_dearer(study)),
        *((b.name, b.score, b.costs, b.note) for b in study.baselines),
        *_labelled(study, study.best),
    ]
    lines: list[object] = [_score_table(rows, "" if study.about.unit == "score" else study.about.unit)]
    if study.concession and (tied := len(study.ties)) > 1:
        lines.append(
            f"{tied:,} networks tie with the highest score, {value(study.ties[0]):.2f}: their intervals cannot tell "
            f"them apart (ties.csv). Best is the one with {LEAST[study.metric]} within {study.concession:.2f} of it."
        )
    step = max(1, len(study.front) // SHOWN)
    rows = [
        (_place(study, row, trial), trial.score, trial.costs, "")
        for row, trial in enumerate(study.front, start=1)
        if (row - 1) % step == 0 or trial is study.best
    ]
    lines += ["", _score_table(rows, f"front ({len(rows)} of {len(study.front)})")]
    took = f"{study.evaluated:,} evaluated in {study.seconds:.1f} s" if study.evaluated else "all evaluated earlier"
    lines += [f"{len(study.trials):,} architectures, {took}", *failed]
    lines += [*study.remarks, *finalist_lines(study)]
    lines += agreement_lines((told or {}).get("agreement"))
    if study.exhausted:
        lines.append("every feasible architecture has been evaluated")
    notes = [study.about.note] if study.about.note else []
    return [*lines, *notes, standing(study.about, study.space.name), MACS_NOTE]


def _place(study: Study, row: int, trial: Trial) -> str:
    """What a network of the front is called: whether it is the winner, and its file where there is one."""
    return ", ".join(["best"] * (trial is study.best) + [front_file(row)] * (study.out is not None))


def _no_dearer(study: Study) -> list[tuple[Baseline, Trial]]:
    """A baseline that costs less than the winner, with the best network at no higher price than it."""
    for baseline in study.baselines[:1]:
        price = baseline.costs.get(study.metric, 0)
        trial = study.best_within(price)
        if study.best is not None and trial is not None and price < study.best.price:
            return [(baseline, trial)]
    return []


def _labelled(study: Study, best: Trial) -> list[tuple[str, Score, dict[str, int], str]]:
    """The network of the highest label, where the score is a fit on labels."""
    if (told := study.about.quality.get("best_labelled")) is None:
        return []
    note = "its label" if told["runs"] == 1 else f"the mean of {told['runs']} labels"
    note += "; it is the best above" if told["digest"] == study.graph(best).digest() else ""
    costs = {metric: told[metric] for metric in best.costs if metric in told}
    return [("best labelled", Score(told["label"]), costs, note)]


def _score_table(rows: Sequence[tuple[str, Score | None, dict[str, int], str]], title: str) -> object:
    timed = any("latency" in costs for _, _, costs, _ in rows)
    cells = [
        (
            name,
            "-" if score is None else f"{score.value:.2f}",
            "" if score is None or score.low is None or score.high is None else f"{score.low:.2f} to {score.high:.2f}",
            costs.get("macs", 0),
            costs.get("params", 0),
            human(costs["memory"], "memory") if "memory" in costs else "-",
            *([human(costs["latency"], "latency") if "latency" in costs else "-"] if timed else []),
            note,
        )
        for name, score, costs, note in rows
    ]
    return grid(f"{title}|score>|90 % interval>|macs>|params>|with weights>|{'latency>|' if timed else ''}", cells)
