"""A progress bar on stderr: how far, the best so far, and how long it will take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nas.budget import human
from nas.study.result import Trial


def _bar() -> Progress:
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)


@contextmanager
def counted() -> Iterator[Callable[[int, int, object], None]]:
    """A callback (done, total, anything) that draws a bar on stderr while the block runs."""
    bar = _bar()
    task = bar.add_task("", total=None)

    def tell(done: int, total: int, _: object) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield tell
    finally:
        if bar.live.is_started:
            bar.stop()


@contextmanager
def shown() -> Iterator[Callable[[int, int, Trial], None]]:
    """A callback for a search's progress, drawn on stderr while the block runs."""
    best: Trial | None = None
    bar = _bar()
    task = bar.add_task("", total=None)

    def tell(done: int, total: int, trial: Trial) -> None:
        nonlocal best
        bar.start()  # not before there is something to tell: a search that is refused prints one line
        if trial.score is not None and (best is None or best.score is None or trial.score.value > best.score.value):
            best = trial
            bar.update(task, description=f"best {trial.score.value:.2f} at {human(trial.costs['macs'], 'macs')}")
        bar.update(task, completed=done, total=total)

    try:
        yield tell
    finally:
        if bar.live.is_started:
            bar.stop()
