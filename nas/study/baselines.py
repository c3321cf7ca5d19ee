"""What a winner is measured against: the space's own base network, and chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas.budget import Budget, human
from nas.errors import NasError, SpaceError
from nas.evaluators.score import Evaluator, Score
from nas.graph import cost
from nas.latency.predicting import predict
from nas.networks import Network
from nas.space import Genomes, Space
from nas.study.result import Baseline


def baselines_of(
    space: Space, budgets: Sequence[Budget], judge: Evaluator, evaluations: int, seed: int
) -> tuple[Baseline, ...]:
    """The base network, and uniform feasible sampling with as many evaluations as the search had.

    Only a cheap evaluator is asked; otherwise the base stands with its cost alone.
    """
    return (
        _base(space, budgets, judge, seed),
        *(_chance(space, budgets, judge, evaluations, seed) if judge.cheap else ()),
    )


def _base(space: Space, budgets: Sequence[Budget], judge: Evaluator, seed: int) -> Baseline:
    table = space.reference
    graph = space.base_graph
    total = cost(graph)
    costs = {m: int(getattr(total, m)) for m in ("macs", "params", "activations", "memory")}
    if space.latencies is not None:
        network = Network.of(table, space.num_classes, space.in_chans, graph)
        costs["latency"] = predict(network, space.latencies).ns
    notes = [f"over budget, {human(costs[b.metric], b.metric)}" for b in budgets if costs[b.metric] > b.high]
    notes += [f"under budget, {human(costs[b.metric], b.metric)}" for b in budgets if costs[b.metric] < b.low]
    score: Score | None = None
    if judge.cheap:
        try:
            space.encode(table)
        except SpaceError:
            notes.append("not in the space")
        else:
            answer = judge.evaluate([table], seed)[0]
            score = answer if isinstance(answer, Score) else None
    return Baseline(space.base_name, score, costs, "; ".join(notes))


def _chance(
    space: Space, budgets: Sequence[Budget], judge: Evaluator, evaluations: int, seed: int
) -> tuple[Baseline, ...]:
    rng = np.random.default_rng([seed, 2**32 - 1])
    try:
        genomes: Genomes = np.unique(space.sample(evaluations, budgets, rng=rng), axis=0)
    except NasError:
        return ()
    answers = judge.evaluate([space.decode(genome) for genome in genomes], seed)
    scored = [(answer.value, i) for i, answer in enumerate(answers) if isinstance(answer, Score)]
    if not scored:
        return ()
    best = max(scored)[1]
    answer = answers[best]
    assert isinstance(answer, Score)
    costs = space.cost(genomes[best])
    return (Baseline("uniform sampling", answer, costs, f"best of {len(genomes):,}"),)
