"""A check of an evaluator as a document, as tables, and as a folder of files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nas.evaluators.checks import CHECK
from nas.files import document, write_text
from nas.quality import Check
from nas.report.quality_picture import draw_check
from nas.report.tables import MACS_NOTE, grid

HEADER = "|n>|Spearman>|90 % interval>|Kendall>|best tenth found>|regret>|of the gain>"
READING = (
    "Spearman and Kendall's tau-b of scores with labels; share of the best tenth by label that is among the best tenth "
    "by score; label of the best less label of the pick, and as a share of what the best gains over the mean"
)


def check_document(check: Check) -> dict[str, Any]:
    """The contract of `nascli evaluator check --json`."""
    labels, about = check.labels, check.about
    return document(
        CHECK,
        {
            "evaluator": {"name": about.name, "unit": about.unit, "fingerprint": about.fingerprint},
            "space": labels.space.name,
            "labels": {"source": labels.source, "column": labels.column, "fingerprint": labels.fingerprint},
            "seed": check.seed,
            "seconds": round(check.seconds, 3),
            "reasons": check.reasons,
            **check.quality,
        },
    )


def check_tables(told: Mapping[str, Any]) -> list[object]:
    """A check's document for people; the verdict comes last, where it is read."""
    what = f"{told['evaluator']['name']} beside {told['labels']['column']}"
    lines: list[object] = [f"{what} on {told['n']:,} labelled networks of {told['space']}", ""]
    lines.append(grid(HEADER, _rows(told), "over all"))
    for band in told["bands"]:
        lines += ["", grid(HEADER, _rows(band), band_name(band))]
    if (in_band := told["in_band"]) is not None:
        others = ", ".join(f"{name} {value:.2f}" for name, value in in_band["baselines"].items())
        ends = _interval(in_band["spearman_interval"])
        lines += ["", f"in band, median of {in_band['bands']}: Spearman {in_band['spearman']:.2f} ({ends}); {others}"]
    lines += ["", f"noise ceiling: {ceiling(told)}"]
    lines += [f"{count:,} networks have no score: {why}" for why, count in list(told["reasons"].items())[:3]]
    return [*lines, READING, MACS_NOTE, "", f"{told['verdict']}: {told['why']}"]


def _rows(told: Mapping[str, Any]) -> list[Sequence[Any]]:
    """A line for the evaluator, and one for each baseline."""
    cells = [("evaluator", told), *told["baselines"].items()]
    return [
        (
            who,
            told["n"] if who == "evaluator" else "",
            f"{row['spearman']:.2f}",
            _interval(row["spearman_interval"]) if "spearman_interval" in row else "",
            f"{row['kendall']:.2f}",
            f"{row['recall_top10']:.0%}",
            f"{row['regret']:.3g}",
            f"{row['regret_share']:.0%}",
        )
        for who, row in cells
    ]


def _interval(ends: Sequence[float]) -> str:
    return f"{ends[0]:.2f} to {ends[1]:.2f}"


def band_name(band: Mapping[str, Any]) -> str:
    """A band as people read it: 352M to 389M macs."""
    return f"{band['low_macs'] / 1e6:.4g}M to {band['high_macs'] / 1e6:.4g}M macs"


def ceiling(told: Mapping[str, Any]) -> str:
    """What the noise of the labels leaves to any evaluator, in words."""
    noise = told["noise"]
    if noise is None:
        return "unknown, one run a network"
    parts = [f"a run differs from its network's mean by {noise['sd']:.2g} (from {noise['freedom']:,} repeats)"]
    if noise["seed_to_seed"] is not None:
        parts.append(f"two runs rank the networks alike at a Spearman of {noise['seed_to_seed']:.2f}")
    if noise["seed_to_seed_top10"] is not None:
        parts.append(f"{noise['seed_to_seed_top10']:.2f} within the best tenth")
    inside = [band["noise"]["ceiling"] for band in told["bands"] if band["noise"]]
    lowest = f", {min(inside):.3f} in the hardest band" if inside else ""
    best = f"a perfect evaluator would correlate with these labels at about {noise['ceiling']:.3f}"
    return f"{', '.join(parts)}; {best}{lowest}"


def write_check(check: Check, told: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write check.json, scores.csv (a network a line) and check.png; which files were written."""
    write_text(folder / "check.json", json.dumps(told, indent=1))
    write_text(folder / "scores.csv", _csv(check))
    draw_check(check, folder / "check.png")
    return [folder / name for name in ("check.json", "scores.csv", "check.png")]


def _csv(check: Check) -> str:
    """Score, label, costs and choices of each network."""
    labels = check.labels
    costs = labels.space.costs(labels.genomes, ("macs", "params"))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    choices = labels.space.choices
    writer.writerow(["score", "value", "runs", *costs, *choices])
    columns = [check.scores, labels.values, labels.counts, *costs.values()]
    figures = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    for row, genome in zip(figures, labels.genomes.tolist(), strict=True):
        writer.writerow([*row, *(values[code] for values, code in zip(choices.values(), genome, strict=True))])
    return text.getvalue()
