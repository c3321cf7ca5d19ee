"""Fitting α, β, γ: every triple whose cost product is near a target, costed and evaluated (arXiv:1905.11946 §3.3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nas.architecture import Architecture
from nas.errors import ScaleError, StudyError
from nas.evaluators.score import Evaluator, Failure, Score
from nas.files import check_schema, document, parse_json, read_text, write_text
from nas.graph import cost
from nas.lowering import lower
from nas.multiplying import multiply
from nas.networks import Network
from nas.ranking import front, ranked, tied, winner
from scaling.triples import PAPER, Triple, triples

FIT = "nascli.fit/1"
FILE, KEPT = "fit.json", "ledger.json"
Progress = Callable[[int, int, "Point"], None]


@dataclass(frozen=True)
class Point:
    """A triple, what the network costs at φ = 1, and what it is worth (`reason` where it has no score)."""

    triple: Triple
    macs: int
    params: int
    score: Score | None = None
    reason: str = ""

    @property
    def price(self) -> int:
        """What ranking goes by: the macs."""
        return self.macs


@dataclass(frozen=True)
class Fit:
    """All points of a fit, in the order of the grid."""

    network: str
    unit: str
    note: str
    points: tuple[Point, ...]
    resumed: int = 0

    @property
    def scored(self) -> list[Point]:
        """The points with a score, best first."""
        return ranked(self.points)

    @property
    def ties(self) -> list[Point]:
        """The points whose intervals cannot tell them from the best score."""
        return tied(self.scored)

    @property
    def chosen(self) -> Point | None:
        """Of the ties within the concession of the best score, the one with fewest macs."""
        return winner(self.scored)

    @property
    def front(self) -> list[Point]:
        """The points that no other beats in score at no more macs; fewest macs first."""
        return front(self.scored)

    def document(self) -> dict[str, Any]:
        """The contract of `nascli scale fit --json`."""
        chosen = self.chosen
        return document(
            FIT,
            {
                "name": self.network,
                "score": {"unit": self.unit, "note": self.note},
                "chosen": None if chosen is None else _row(chosen),
                "ties": [_row(point) for point in self.ties],
                "front": [_row(point) for point in self.front],
                "points": [_row(point) for point in self.points],
                "resumed": self.resumed,
            },
        )


def fit(
    network: Network,
    evaluator: Evaluator,
    *,
    product: float = 2.0,
    tolerance: float = 0.1,
    step: float = 0.1,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Cost and score of `network` scaled by every triple of the grid at φ = 1.

    With `out` (a folder) every answer is kept in fit.json and the same call goes on where it stopped. Raises
    ScaleError for an empty grid or a network without a table, StudyError for a folder that holds another fit.
    """
    table = network.architecture
    if table is None:
        raise ScaleError(f"{network.name} is {network.kind}; a fit needs a table of stages")
    grid = triples(product, tolerance, step)
    settings = {
        "network": lower(table, network.num_classes, network.in_chans).digest(),
        "evaluator": [evaluator.about.name, evaluator.about.fingerprint],
        "grid": [product, tolerance, step],
    }
    folder = None if out is None else Path(out)
    with _held(folder):
        answers = _kept(folder, settings)
        kept, points = len(answers), []
        for number, triple in enumerate(grid, start=1):
            point = _point(network, table, triple, answers, evaluator)
            points.append(point)
            if folder is not None and len(answers) > kept:
                _keep(folder, settings, answers)
            if progress is not None:
                progress(number, len(grid), point)
        return Fit(network.name, evaluator.about.unit, evaluator.about.note, tuple(points), kept)


def _point(
    network: Network,
    table: Architecture,
    triple: Triple,
    answers: dict[str, Score | Failure],
    judge: Evaluator,
) -> Point:
    """One triple's point; networks that rounding makes equal are evaluated once."""
    try:
        scaled = multiply(table, depth=triple.alpha, width=triple.beta, resolution=triple.gamma)
    except ScaleError as error:
        return Point(triple, 0, 0, reason=str(error))
    graph = lower(scaled, network.num_classes, network.in_chans)
    total, key = cost(graph), f"{graph.digest()}@{scaled.resolution}"
    if key not in answers:
        answers[key] = judge.evaluate([scaled])[0]
    answer = answers[key]
    if isinstance(answer, Failure):
        return Point(triple, total.macs, total.params, reason=answer.reason)
    return Point(triple, total.macs, total.params, answer)


# -- what survives an interruption --------------------------------------------------------------------------

LEDGER = "nascli.fit_ledger/1"


def _held(folder: Path | None) -> AbstractContextManager[object]:
    """The folder, locked against a second process."""
    if folder is None:
        return nullcontext()
    from nas.study.lock import locked

    return locked(folder)


def _kept(folder: Path | None, settings: dict[str, Any]) -> dict[str, Score | Failure]:
    """The answers of an earlier run of the same fit."""
    if folder is None or not (folder / KEPT).exists():
        return {}
    told = parse_json(read_text(folder / KEPT), str(folder / KEPT))
    check_schema(told, LEDGER, where=str(folder / KEPT))
    if json.loads(json.dumps(settings)) != told.get("settings"):
        raise StudyError(f"{folder} holds another fit (network, evaluator or grid differ); choose another --out")
    answers = told.get("answers")
    if not isinstance(answers, dict):
        raise StudyError(f"{folder}: its ledger has no answers; choose another --out")
    return {key: Failure(row["reason"]) if "reason" in row else Score(**row) for key, row in answers.items()}


def _keep(folder: Path, settings: dict[str, Any], answers: dict[str, Score | Failure]) -> None:
    rows = {key: asdict(answer) for key, answer in answers.items()}
    write_text(folder / KEPT, json.dumps(document(LEDGER, {"settings": settings, "answers": rows})))


def _row(point: Point) -> dict[str, Any]:
    score = {} if point.score is None else {k: getattr(point.score, k) for k in ("value", "low", "high")}
    why = {"reason": point.reason} if point.reason else {}
    paper = {"paper": True} if point.triple == PAPER else {}
    costs = {"product": round(point.triple.product, 6), "macs": point.macs, "params": point.params}
    return {**point.triple._asdict(), **costs, **score, **why, **paper}
