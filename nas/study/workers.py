"""Evaluating a batch of candidates, in this process or in several."""

from __future__ import annotations

import json
import os
import pickle
import signal
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from typing import Any

from nas.errors import FileError, StudyError
from nas.evaluators.score import Evaluator, Failure, Score
from nas.space import Genomes, Space, read_space

Candidate = tuple[int, Genomes]  # its place in the batch, and the genome


class Interrupts:
    """The first Ctrl-C raises KeyboardInterrupt in the block; further ones do not disturb its ending.

    A second exception while the first unwinds would leave locks of the standard library half released.
    """

    def __init__(self) -> None:
        self._before: Any = None

    def _first(self, *_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    def __enter__(self) -> Interrupts:
        on_main_thread = threading.current_thread() is threading.main_thread()  # no other may set a handler
        if on_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._first)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


class Pool:
    """`workers` processes that score candidates; with one, this process does it."""

    def __init__(self, judge: Evaluator, space: Space, workers: int, seed: int = 0) -> None:
        self.judge, self.space, self.workers, self.seed = judge, space, workers, seed
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Pool:
        if self.workers > 1:
            try:
                pickle.dumps(self.judge)
            except Exception:  # pickle raises many kinds
                raise StudyError(
                    f"workers={self.workers}: evaluator {self.judge.about.name} cannot be sent to other processes; "
                    "make it a function at the top level of a module"
                ) from None
            self._begin()
        return self

    def _begin(self) -> None:
        """Fresh worker processes."""
        made = self.judge, self.space.to_json(), self.seed
        self._pool = ProcessPoolExecutor(self.workers, get_context("spawn"), initializer=_prepare, initargs=made)

    def __exit__(self, *_: object) -> None:
        """End the workers, whatever they are at; what they had claimed is evaluated by the next run."""
        if self._pool is not None:
            workers = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.terminate()

    def score(self, genomes: list[Genomes]) -> Iterator[tuple[int, Score | Failure]]:
        """(index, answer) of each genome (slots,), in the order in which they are finished."""
        if self._pool is None:
            for index, genome in enumerate(genomes):
                yield index, self.judge.evaluate([self.space.decode(genome)], self.seed)[0]
            return
        lost = yield from self._asked(list(enumerate(genomes)))
        for candidate in lost:  # which of them ended its worker, as the system does with one that takes all memory?
            self._begin()
            if (yield from self._asked([candidate])):
                yield candidate[0], Failure("its worker process died; was it out of memory?")
        if lost:
            self._begin()

    def _asked(self, candidates: list[Candidate]) -> Generator[tuple[int, Score | Failure], None, list[Candidate]]:
        """The answers to these candidates; returns those without one because a worker died."""
        assert self._pool is not None
        lost, asked = [], {}
        for candidate in candidates:
            try:
                asked[self._pool.submit(_score, candidate[1])] = candidate
            except BrokenProcessPool:
                lost.append(candidate)
        for future in as_completed(asked):
            try:
                yield asked[future][0], future.result()
            except BrokenProcessPool:
                lost.append(asked[future])
            except FileError:  # a folder of checkpoints that the next candidate would meet too
                raise
            except Exception as error:  # what an evaluator raises fails its candidate, not the search
                yield asked[future][0], Failure(f"worker: {type(error).__name__}: {error}".splitlines()[0])
        return sorted(lost, key=lambda candidate: candidate[0])


_worker: tuple[Evaluator, Space, int] | None = None


def _prepare(judge: Evaluator, space: str, seed: int) -> None:
    """Start of a worker process: the evaluator, and the space as JSON."""
    global _worker  # noqa: PLW0603 - a worker process has one job, and its pool offers no other place to keep it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits for us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = judge, read_space(json.loads(space)), seed


def _end_with_parent() -> None:
    """A worker whose search was killed ends too, instead of waiting for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _score(genome: Genomes) -> Score | Failure:
    assert _worker is not None
    judge, space, seed = _worker
    return judge.evaluate([space.decode(genome)], seed)[0]
