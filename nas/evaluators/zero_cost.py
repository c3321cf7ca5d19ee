"""Zero-cost scores as evaluators."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nas.errors import EvaluatorError, NasError, SpaceNeededError
from nas.evaluators.score import PROXY_SCORE, About, Evaluator, Failure, Member, Score, Task
from nas.graph import Graph
from nas.lowering import Description, lower
from nas.options import whole
from nas.proxies import PROXIES, Setting
from nas.proxies.proxy import MOST_IMAGES, MOST_PIXELS, MOST_REPEATS
from nas.space import read_space

AMONG, FEWEST, MOST = 32, 8, 1024  # networks of the space among which a score of several parts is ranked
DEFAULT = Setting()


class ZeroCostEvaluator:
    """A zero-cost score of the untrained network, with the task's classes and channels."""

    cheap = False

    def __init__(self, name: str, setting: Setting, task: Task) -> None:
        self._name, self._setting = name, setting
        self._num_classes, self._in_chans = task.num_classes, task.in_chans
        proxy = PROXIES[name]
        told = f"{name}:batch={setting.batch}"
        told += f",resolution={setting.resolution}" if setting.resolution else ""
        told += f",repeats={setting.repeats}" if proxy.repeats else ""
        self.about = About(told, PROXY_SCORE, proxy.caution, fingerprint=f"{told},version={proxy.version}")

    def evaluate(self, architectures: Sequence[Description], seed: int = 0) -> list[Score | Failure]:
        return [self._one(architecture, seed) for architecture in architectures]

    def _one(self, architecture: Description, seed: int) -> Score | Failure:
        started = time.perf_counter()
        try:
            values = self._measure(lower(architecture, self._num_classes, self._in_chans), seed)
        except NasError as error:
            return Failure(str(error))
        return Score(self._whole(values, seed), seconds=time.perf_counter() - started, seed=seed)

    def _measure(self, graph: Graph, seed: int) -> tuple[float, ...]:
        from nas.proxies.measuring import measured

        answer = measured(graph, self._setting, seed, [self._name])[self._name]
        if isinstance(answer, str):
            raise EvaluatorError(answer)
        return answer

    def _whole(self, values: tuple[float, ...], seed: int) -> float:
        """One score of what was measured."""
        return values[0]


class RankedEvaluator(ZeroCostEvaluator):
    """A score of several parts: Σ log of the part's rank among other networks.

    Published ranks are those within a whole search. A score must belong to one network alone, so a normal distribution
    fitted to each part of `among` networks, drawn uniformly from the task's space within its budgets, stands for the
    others.
    """

    def __init__(self, name: str, setting: Setting, task: Task, among: int = AMONG) -> None:
        super().__init__(name, setting, task)
        if task.space is None:
            raise SpaceNeededError(f"evaluator {name}: it ranks among networks of a space; name one: --space")
        self._space_text = task.space.to_json()  # some spaces keep what cannot be sent to another process
        self._count, self._budgets = among, task.budgets
        table = hashlib.sha256(self._space_text.encode()).hexdigest()[:16]  # a space edited under its name is another
        within = sorted(f"{budget.low}..{budget.high}-{budget.metric}" for budget in task.budgets)
        told = ",".join([f"{self.about.fingerprint},among={among}", table, *within])
        self.about = replace(self.about, name=f"{self.about.name},among={among}", fingerprint=told)
        self._among: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def _whole(self, values: tuple[float, ...], seed: int) -> float:
        from scipy.special import log_ndtr

        if seed not in self._among:
            self._among[seed] = self._reference(seed)
        mean, deviation = self._among[seed]
        return float(log_ndtr((np.array(values) - mean) / deviation).sum())

    def _reference(self, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and deviation of each part over the reference networks."""
        space = read_space(json.loads(self._space_text))
        rows = []
        for genome in space.sample(self._count, self._budgets, rng=np.random.default_rng([seed, self._count])):
            try:
                rows.append(self._measure(space.graph(genome), seed))
            except NasError:
                continue
        if len(rows) < FEWEST:
            raise EvaluatorError(f"{self._name}: of {self._count} networks of the space only {len(rows)} have a score")
        table = np.array(rows)
        return table.mean(axis=0), table.std(axis=0).clip(1e-9)


def _make(name: str, values: dict[str, str], task: Task) -> Evaluator:
    proxy, where = PROXIES[name], f"evaluator {name}"
    setting = Setting(
        batch=whole(values, "batch", DEFAULT.batch, 2, MOST_IMAGES, where),
        resolution=whole(values, "resolution", DEFAULT.resolution, 0, MOST_PIXELS, where),
        repeats=whole(values, "repeats", proxy.repeats, proxy.fewest, MOST_REPEATS, where) if proxy.repeats else 1,
    )
    if not proxy.parts:
        return ZeroCostEvaluator(name, setting, task)
    return RankedEvaluator(name, setting, task, whole(values, "among", AMONG, FEWEST, MOST, where))


def _member(name: str) -> Member:
    proxy = PROXIES[name]
    keys = {
        "batch": f"images of noise, {DEFAULT.batch} by default",
        "resolution": "their size in pixels, by default the architecture's own (0)",
    }
    more = ""
    if proxy.repeats:
        keys["repeats"], more = f"draws or batches, {proxy.repeats} by default", f",repeats={proxy.fewest}"
    if proxy.parts:
        keys["among"], more = f"networks of the space to rank among, {AMONG} by default", f",among={FEWEST}"
    return Member(
        lambda values, task: _make(name, values, task),
        proxy.summary,
        keys,
        example=f"{name}:batch=4,resolution=32{more}",
        speed="{} s at 32 pixels, {} s at 224".format(*proxy.seconds),
        unit=PROXY_SCORE,
        note=proxy.caution,
    )


ZERO_COST: dict[str, Member] = {name: _member(name) for name in PROXIES}
