"""The finalists of a search under a latency table: its winner, some of its front, and the base, measured at the end."""

from __future__ import annotations

from dataclasses import replace

from nas.graph import Graph
from nas.latency.finalists import measured_finalists
from nas.study.result import Study, Trial

FRONT = 3  # networks of the front that are measured beside the winner


def with_finalists(study: Study, seed: int) -> Study:
    """The study with the measured times of its finalists; as it is where latency played no part."""
    table = study.space.latencies
    if table is None or study.best is None:
        return study
    graphs: dict[str, tuple[Graph, int]] = {
        name: (study.graph(trial), trial.costs["latency"]) for name, trial in chosen(study).items()
    }
    base = next((one for one in study.baselines if one.name == study.space.base_name), None)
    if base is not None and "latency" in base.costs:
        graphs[base.name] = study.space.base_graph, base.costs["latency"]
    return replace(study, finalists=measured_finalists(graphs, table, seed))


def chosen(study: Study) -> dict[str, Trial]:
    """The winner and some of the front, by the names that finalists have; nothing where nothing was scored.

    The number in a name is the network's row in the front.
    """
    if study.best is None:
        return {}
    others = [(row, trial) for row, trial in enumerate(study.front, start=1) if trial is not study.best]
    step = max(1, -(-len(others) // FRONT))
    return {"best": study.best, **{f"front {row}": trial for row, trial in others[::step]}}
