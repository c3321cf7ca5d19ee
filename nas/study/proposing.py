"""From what was evaluated to what should be next: a Gaussian process over candidates, and steps from the best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.acquisition import improvement
from nas.space.feasible import Codes
from nas.space.nearest import Nearest
from nas.study.candidates import Candidates, distinct
from nas.study.surrogate import Features, Floats, Process, Reader, warped

FEWEST = 3  # scores from which a model is made
BEST, OTHERS = 200, 100  # trials that a model learns: the best, and some of the others
CLIMBS, CLIMBERS = 3, 5  # steps of the most promising candidates towards better ones, a slot at a time
COMPARED, LEAST_COMPARED = 4, 64  # candidates for each place of a queue, the most promising
CENTRES = 10  # best trials whose neighbours are `near`


class Proposals(NamedTuple):
    """New architectures (n, parts), first to last: of most expected improvement, and a slot away from the best."""

    far: Codes
    near: Codes


class Proposer:
    """Proposes feasible architectures from scores of others; `first` (n, parts) come before there are scores.

    `whole` says that it always considers all that is feasible.
    """

    def __init__(self, nearest: Nearest, rng: np.random.Generator) -> None:
        self.space = nearest.space
        self._candidates = Candidates(nearest, rng)
        self._reader = Reader(self.space, self.space.genomes(self._candidates.pool))
        self.first, self.whole = self._candidates.first, self._candidates.whole

    def proposals(self, known: Codes, scores: Floats, taken: Codes, length: int, rng: np.random.Generator) -> Proposals:
        """At most `length` of each kind. `scores` (n,) of `known` (n, parts): larger is better, -inf for one that
        failed, which counts as the worst, NaN for one under evaluation, which is believed to come out as expected.

        None of the proposals is `taken` (n, parts). There are none where scores do not differ.
        """
        scored = np.isfinite(scores)
        if scored.sum() < FEWEST or np.ptp(scores[scored] / 2) == 0:
            return Proposals(known[:0], known[:0])
        scores = np.where(scores == -np.inf, scores[scored].min(), scores)
        ended = np.flatnonzero(~np.isnan(scores))
        order = ended[np.argsort(-scores[ended], kind="stable")]
        others = order[BEST:]
        learnt = np.concatenate([order[:BEST], others[:: max(1, -(-len(others) // OTHERS))]])
        values = warped(scores[learnt])
        process = Process.fitted(self._features(known[learnt]), values)
        process = process.believing(self._features(known[np.isnan(scores)]))
        codes = self._climbed(process, self._candidates.considered(known[order], rng), values.max(), taken)
        codes = codes[: max(COMPARED * length, LEAST_COMPARED)]
        far = codes[process.queue(self._features(codes), values.max(), length)] if len(codes) else codes
        return Proposals(far, np.concatenate(list(self._near(process, known[order], values.max(), taken, length))))

    def _climbed(self, process: Process, codes: Codes, best: float, taken: Codes) -> Codes:
        """The candidates that are new, and those met on the way to better ones; the most promising come first."""
        codes = distinct(codes, taken)
        merit = self._merit(process, codes, best)
        for _ in range(0 if self._candidates.whole else CLIMBS):
            near = self._candidates.neighbours(codes[np.argsort(-merit, kind="stable")[:CLIMBERS]])
            codes = np.concatenate([codes, near := distinct(near, np.concatenate([taken, codes]))])
            merit = np.concatenate([merit, self._merit(process, near, best)])
        return codes[np.argsort(-merit, kind="stable")]

    def _near(self, process: Process, ranked: Codes, best: float, taken: Codes, length: int) -> Iterator[Codes]:
        """What is new and one slot away from the best; then what is from the next best, and so on."""
        yield taken[:0]
        for centre in ranked[:CENTRES]:
            if length <= 0:
                return
            if len(near := distinct(self._candidates.neighbours(centre[None]), taken)):
                yield near[np.argsort(-self._merit(process, near, best), kind="stable")]
                taken, length = np.concatenate([taken, near]), length - len(near)

    def _merit(self, process: Process, codes: Codes, best: float) -> NDArray[np.float64]:
        mean, variance, _ = process.predict(self._features(codes))
        return improvement(mean, variance, best)

    def _features(self, codes: Codes) -> Features:
        return self._reader.read(self.space.genomes(codes))
