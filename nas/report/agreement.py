"""How far the scores that need no labels agree on what a search has seen."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.evaluators.costs import MEASURES
from nas.evaluators.score import PROXY_SCORE
from nas.ranking import value
from nas.report.tables import grid
from nas.study.result import Study, Trial

NETWORKS = 20  # of those that were visited; measuring them takes some ten seconds or more
FEWEST = 5
HEADER = "another score|Spearman with this one>|the best is its number>"
TIMED = 2  # of them tell how long the others will take

Columns = dict[str, NDArray[np.float64]]


def _said(told: str) -> None:
    print(told, file=sys.stderr, flush=True)


def agreement(study: Study, say: Callable[[str], None] = _said) -> dict[str, Any] | None:
    """Spearman between the search's score and others over networks that it visited, where no label stands behind it.

    The others are every other zero-cost score (at 32 pixels) and cost; None where one cannot be had. The networks are
    the winner and others at even steps of the ranking, 20 at most. "between" has the Spearman of every two scores,
    "rank" which place the winner takes by each score. The whole is None for a score that labels stand behind, and for
    fewer than five networks. `say` is told before anything is measured, and how long it will take.
    """
    chosen = _spread(study)
    if study.about.unit != PROXY_SCORE or len(chosen) < FEWEST or study.best is None:
        return None
    from nas.correlation import agreed

    started, own = time.perf_counter(), study.about.name.partition(":")[0]
    others = _others(study, chosen, own, say)
    scores = np.array([value(trial) for trial in chosen])
    rows = {name: agreed(scores, column, fewest=FEWEST) for name, column in others.items()}
    between = {
        f"{one} {other}": agreed(others[one], others[other], fewest=FEWEST) for one, other in combinations(others, 2)
    }
    winner = chosen.index(study.best)
    return {
        "networks": len(chosen),
        "spearman": _rounded(rows),
        "rank": {name: _place(column, winner) for name, column in others.items()},
        "between": _rounded(between),
        "seconds": round(time.perf_counter() - started, 1),
    }


class Compared(NamedTuple):
    """How far other scores agree with the search's own, as a table for people; `told` stands below it."""

    title: str
    rows: list[tuple[str, str, str]]
    told: str


def compared(told: Mapping[str, Any] | None) -> Compared | None:
    """A study's agreement for people, from the score that agrees most; None where there is none."""
    if told is None:
        return None
    known = {name: figure for name, figure in told["spearman"].items() if figure is not None}
    if not known:
        return Compared("", [], "no other score tells these networks apart")
    order = sorted(known, key=lambda name: -known[name])
    n, between = told["networks"], sorted(figure for figure in told["between"].values() if figure is not None)
    rows = [(name, f"{known[name]:+.2f}", _place_of(told["rank"][name], n)) for name in order]
    below = ""
    if between:
        ends = f"from {between[0]:+.2f} to {between[-1]:+.2f}, median {np.median(between):+.2f}"
        below = f"among each other they agree at a Spearman {ends}"
    return Compared(f"how far proxies disagree, over {n} of the networks", rows, below)


def agreement_lines(told: Mapping[str, Any] | None) -> list[object]:
    """The same for a console."""
    found = compared(told)
    if found is None:
        return []
    table = ["", grid(HEADER, found.rows, found.title)] if found.rows else []
    return [*table, *filter(None, [found.told])]


def _spread(study: Study) -> list[Trial]:
    """The winner, and other visited networks at even steps from the highest score to the lowest."""
    if study.best is None:
        return []
    rest = [trial for trial in study.scored if trial is not study.best]
    steps = np.linspace(0, len(rest) - 1, min(NETWORKS - 1, len(rest))).round().astype(int)
    return [study.best, *(rest[step] for step in steps)]


def _others(study: Study, trials: Sequence[Trial], own: str, say: Callable[[str], None]) -> Columns:
    """Every other score of the networks, by name; a line says how long measuring takes, once one is measured."""
    from nas.proxies import PROXIES, features

    space, graphs = study.space, [study.graph(trial) for trial in trials]
    found = {name: [measure.of(graph) for graph in graphs] for name, measure in MEASURES.items() if name != own}
    asked = [name for name in PROXIES if name != own]
    say(
        f"no label stands behind this score: measuring {len(asked)} other zero-cost scores of {len(trials)} networks, "
        "to show how far they agree"
    )
    started = time.perf_counter()
    for number, trial in enumerate(trials):
        values = features([study.architecture(trial)], space.num_classes, space.in_chans, names=asked)
        for name, column in values.items():
            found.setdefault(name, []).append(float(column[0]))
        if number == 0:
            started = time.perf_counter()  # the first one loads torch
        if number == TIMED:
            say(f"some {(time.perf_counter() - started) / TIMED * (len(trials) - 1 - TIMED):.0f} s more")
    found.pop("az_nas.complexity", None)  # the macs again
    return {name: np.array(column, dtype=np.float64) for name, column in found.items()}


def _place(scores: NDArray[np.float64], winner: int) -> int | None:
    """Which place the winner takes among the networks by these scores, from 1; None where it has none."""
    return 1 + int((scores > scores[winner]).sum()) if np.isfinite(scores[winner]) else None


def _place_of(place: int | None, n: int) -> str:
    return "-" if place is None else f"{place} of {n}"


def _rounded(figures: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: None if figure is None else round(figure, 3) for name, figure in figures.items()}
