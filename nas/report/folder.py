"""The folder that a search leaves: its record, its winner, its front and ties, and two pictures."""

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

from nas.budget import Budget
from nas.files import document, remove, write_bytes, write_text
from nas.latency.reading import write_table
from nas.networks import network_document
from nas.report.drawing import draw
from nas.report.front import Baseline as Marked
from nas.report.front import Cap, Point, front_picture
from nas.report.front_files import FRONT, front_file, write_front
from nas.report.tables import score_row
from nas.space.lint import slot_choices
from nas.study.result import Study, Trial

RECORD = "nascli.record/1"
LATENCIES = "latency.json"  # of a search that a latency table played a part in: the table, for whoever repeats it
RECORD_FILE = "record.json"
FILES = (RECORD_FILE, "best.json", "front.csv", FRONT, "ties.csv", "front.png", "best.svg")

AXES = {"macs": ("macs", 1.0), "latency": ("predicted latency (ms)", 1e-6)}  # a price's name and scale


def default_folder(space: str, budgets: Sequence[Budget], seed: int, objectives: Sequence[str] = ()) -> Path:
    """runs/<space>-<budget>-<other objectives>-s<seed>, in letters that every file system takes."""
    parts = [space, *(str(budget) for budget in budgets), *(one for one in objectives if one != "score"), f"s{seed}"]
    return Path("runs") / re.sub(r"[^A-Za-z0-9_.-]", "_", "-".join(parts))


def write_folder(study: Study, folder: Path, command: str, told: dict[str, Any]) -> list[Path]:
    """Write record.json, best.json, front.csv, ties.csv, best.svg and front.png; which files were written.

    Each network of the front also stands in a file of its own. A search by a latency table leaves that too. `told` is
    the study's document (`nas.report.outcome.search_document`). A study in which nothing was evaluated or measured
    leaves them as they are.
    """
    news = study.evaluated or study.finalists.rows
    wanted = [*FILES, *(front_file(row) for row in range(1, len(study.front) + 1))]
    if study.best is None or (not news and all((folder / name).exists() for name in wanted)):
        return []
    remove(folder / RECORD_FILE)  # written last: where it is, all others are of this state
    network = study.network(study.best)
    found = {k: v for k, v in told["best"].items() if k != "architecture"}
    best = network_document(network, with_graph=True, space=study.space.name, score_unit=study.about.unit, **found)
    write_text(folder / "best.json", json.dumps(best, indent=1))
    write_text(folder / "front.csv", _csv(study, study.front))
    write_front(study, folder)
    write_text(folder / "ties.csv", _csv(study, study.ties))
    draw(network.graph, folder / "best.svg")
    write_bytes(folder / "front.png", study_front(study, ".png"))
    files = list(FILES)
    if (table := study.space.latencies) is not None:
        write_table(table, folder / LATENCIES)
        files.append(LATENCIES)
    write_text(folder / RECORD_FILE, json.dumps(_record(study, told, command), indent=1))
    return [folder / name for name in files]


def _record(study: Study, told: dict[str, Any], command: str) -> dict[str, Any]:
    """Everything that says where a result comes from."""
    return {
        **document(RECORD, {"command": command}),
        "packages": {name: version(name) for name in ("optuna", "numpy", "networkx", "pydantic")},
        "python": platform.python_version(),
        "objectives": list(study.objectives),
        **{key: value for key, value in told.items() if key not in ("schema", "nascli_version")},
        "space_table": json.loads(study.space.to_json()),
    }


def _csv(study: Study, trials: Sequence[Trial]) -> str:
    """Score, cost and choices of each trial (a digest each would take seconds)."""
    text = io.StringIO()
    choices = slot_choices(study.space)
    rows = [
        {
            **score_row(trial.score),
            **trial.costs,
            **{slot: choices[slot][choice] for slot, choice in zip(choices, trial.genome.tolist(), strict=True)},
        }
        for trial in trials
    ]
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def study_front(study: Study, suffix: str) -> bytes:
    """Score against price of everything visited, the winner and its baselines, as a file with that suffix."""
    winner, metric = study.best, study.metric
    caps = [Cap(str(b), b.high * AXES[metric][1]) for b in study.budgets if b.metric == metric]
    return front_picture(
        [_point(trial, metric) for trial in study.scored],
        suffix,
        title=f"{study.space.name}: {' and '.join(map(str, study.budgets)) or 'no budget'}",
        score_label=study.about.name if study.about.unit == "score" else study.about.unit,
        cost_label=AXES[metric][0],
        highlighted=None if winner is None else _point(winner, metric, "best"),
        baselines=[
            Marked(b.name, b.costs[metric] * AXES[metric][1], b.score.value)
            for b in study.baselines
            if b.score is not None and metric in b.costs
        ],
        caps=caps,
        note=study.about.note,
    )


def _point(trial: Trial, metric: str, name: str = "") -> Point:
    assert trial.score is not None
    return Point(trial.price * AXES[metric][1], trial.score.value, trial.score.low, trial.score.high, name)
