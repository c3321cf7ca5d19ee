"""A finished search as a document, as tables, and as a folder of files."""

from __future__ import annotations

import csv
import io
import json
import platform
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nas.budget import Budget, human
from nas.evaluators.score import Score
from nas.files import document, write_text
from nas.networks import Network, network_document
from nas.report.drawing import draw
from nas.report.front import Baseline as Marked
from nas.report.front import Cap, Point, draw_front
from nas.report.tables import MACS_NOTE, grid
from nas.study.result import Baseline, Study, Trial, score_of

SEARCH = "nascli.search/1"
RECORD = "nascli.record/1"
FILES = ("record.json", "best.json", "front.csv", "ties.csv", "front.png", "best.svg")
TOLD_TIES = 10


def default_folder(space: str, budgets: Sequence[Budget], seed: int) -> Path:
    """runs/<space>-<budget>-s<seed>, in letters that every file system takes."""
    parts = [space, *(str(budget) for budget in budgets), f"s{seed}"]
    return Path("runs") / re.sub(r"[^A-Za-z0-9_.-]", "_", "-".join(parts))


def search_document(study: Study) -> dict[str, Any]:
    """The contract of `nascli search --json`."""
    return document(
        SEARCH,
        {
            "space": study.space.name,
            "budgets": [str(budget) for budget in study.budgets],
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
            },
            "exhausted": study.exhausted,
            "seconds": round(study.seconds, 3),
            "resumed": study.resumed,
            "out": None if study.out is None else str(study.out),
        },
    )


def _trial_row(study: Study, trial: Trial) -> dict[str, Any]:
    return {"digest": study.graph(trial).digest(), **_score_row(trial.score), **trial.costs}


def _best_row(study: Study, trial: Trial) -> dict[str, Any]:
    return {**_trial_row(study, trial), "architecture": study.architecture(trial).model_dump(mode="json")}


def _score_row(score: Score | None) -> dict[str, float | None]:
    return {
        k: None if score is None else getattr(score, a)
        for k, a in (("score", "value"), ("low", "low"), ("high", "high"))
    }


def _baseline_row(baseline: Baseline) -> dict[str, Any]:
    return {"name": baseline.name, **_score_row(baseline.score), **baseline.costs, "note": baseline.note}


# -- for people -------------------------------------------------------------------------------------------


def search_tables(study: Study) -> list[object]:
    """The winner beside its baselines, its ties, the front, and what the score is and is not."""
    if study.best is None:
        reasons = "; ".join(sorted({trial.reason for trial in study.trials})[:3])
        return [f"no architecture could be scored: {reasons}"]
    rows = [
        ("best", study.best.score, study.best.costs, ""),
        *((f"best ≤ {b.name}", t.score, t.costs, "at no more macs") for b, t in _no_dearer(study)),
        *((b.name, b.score, b.costs, b.note) for b in study.baselines),
    ]
    told: list[object] = [_score_table(rows, study.about.unit)]
    if (tied := len(study.ties)) > 1:
        told.append(
            f"{tied:,} networks tie with the highest score, {score_of(study.ties[0]):.2f}: their intervals cannot tell "
            f"them apart (ties.csv). Best is the one with fewest macs within {study.concession:.2f} of it."
        )
    front = study.front[:: max(1, len(study.front) // 12)]
    told += ["", _score_table([("", trial.score, trial.costs, "") for trial in front], "front")]
    told += [f"{len(study.trials):,} architectures in {study.seconds:.1f} s"]
    if study.exhausted:
        told.append("every feasible architecture has been evaluated")
    return [*told, *([study.about.note] if study.about.note else []), MACS_NOTE]


def _no_dearer(study: Study) -> list[tuple[Baseline, Trial]]:
    """A baseline that costs less than the winner, with the best network at no more macs than it."""
    for baseline in study.baselines[:1]:
        trial = study.best_within(baseline.costs["macs"])
        if study.best is not None and trial is not None and baseline.costs["macs"] < study.best.costs["macs"]:
            return [(baseline, trial)]
    return []


def _score_table(rows: Sequence[tuple[str, Score | None, dict[str, int], str]], title: str) -> object:
    cells = [
        (
            name,
            "-" if score is None else f"{score.value:.2f}",
            "" if score is None or score.low is None or score.high is None else f"{score.low:.2f} to {score.high:.2f}",
            costs.get("macs", 0),
            costs.get("params", 0),
            human(costs.get("memory", 0), "memory"),
            note,
        )
        for name, score, costs, note in rows
    ]
    return grid(f"{title}|score>|90 % interval>|macs>|params>|memory>|", cells)


# -- the folder ---------------------------------------------------------------------------------------------


def write_folder(study: Study, folder: Path, command: str) -> list[Path]:
    """Write record.json, best.json, front.csv, front.png and best.svg; which files were written."""
    if study.best is None:
        return []
    graph = study.graph(study.best)
    network = Network(graph.name, graph, study.architecture(study.best), study.space.num_classes, study.space.in_chans)
    told = search_document(study)
    found = {k: v for k, v in told["best"].items() if k != "architecture"}
    best = network_document(network, with_graph=True, space=study.space.name, score_unit=study.about.unit, **found)
    write_text(folder / "best.json", json.dumps(best, indent=1))
    write_text(folder / "record.json", json.dumps(_record(study, told, command), indent=1))
    write_text(folder / "front.csv", _csv(study, study.front))
    write_text(folder / "ties.csv", _csv(study, study.ties))
    draw(graph, folder / "best.svg")
    _draw_front(study, folder / "front.png")
    return [folder / name for name in FILES]


def _record(study: Study, told: dict[str, Any], command: str) -> dict[str, Any]:
    """Everything that says where a result comes from."""
    about = study.about
    return {
        **document(RECORD, {"command": command}),
        "packages": {name: version(name) for name in ("optuna", "numpy", "networkx", "pydantic")},
        "python": platform.python_version(),
        "evaluator": {"name": about.name, "fingerprint": about.fingerprint, "quality": about.quality},
        "objectives": list(study.objectives),
        **{key: value for key, value in told.items() if key not in ("schema", "nascli_version")},
        "space_table": json.loads(study.space.to_json()),
    }


def _csv(study: Study, trials: Sequence[Trial]) -> str:
    """Score, cost and genome of each trial, which `space.decode` takes (a digest each would take seconds)."""
    text = io.StringIO()
    rows = [
        {**_score_row(t.score), **t.costs, **dict(zip(study.space.slots, t.genome.tolist(), strict=True))}
        for t in trials
    ]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _draw_front(study: Study, path: Path) -> None:
    """Score against macs of everything visited, the winner and its baselines."""
    winner = study.best
    caps = [Cap(str(b), float(b.high)) for b in study.budgets if b.metric == "macs"]
    draw_front(
        [_point(trial.score, trial.costs) for trial in study.scored],
        path,
        title=f"{study.space.name}: {' and '.join(map(str, study.budgets)) or 'no budget'}",
        score_label=study.about.unit,
        cost_label="macs",
        highlighted=None if winner is None else _point(winner.score, winner.costs, "best"),
        baselines=[
            Marked(b.name, float(b.costs["macs"]), b.score.value) for b in study.baselines if b.score is not None
        ],
        caps=caps,
        note=study.about.note,
    )


def _point(score: Score | None, costs: dict[str, int], name: str = "") -> Point:
    assert score is not None
    return Point(float(costs["macs"]), score.value, score.low, score.high, name)
