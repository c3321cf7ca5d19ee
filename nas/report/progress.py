"""A progress bar on stderr: how far, the best so far, and how long it will take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nas.budget import human
from nas.ranking import value
from nas.study.result import Trial

Say = Callable[..., None]


@contextmanager
def _bar() -> Iterator[Say]:
    """A bar on stderr, and what moves it: `say(completed=…, total=…, description=…)`. Silent until then."""
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None)

    def say(**what: Any) -> None:
        bar.start()  # not before there is something to tell: what is refused prints one line
        bar.update(task, **what)

    try:
        yield say
    finally:
        if bar.live.is_started:
            bar.stop()


@contextmanager
def counted() -> Iterator[Callable[[int, int, object], None]]:
    """A callback (done, total, anything) that draws a bar on stderr while the block runs."""
    with _bar() as say:
        yield lambda done, total, _: say(completed=done, total=total)


@contextmanager
def staged() -> Iterator[Callable[[str, float], None]]:
    """A callback (what is being done, the share of it that is done) that draws a bar on stderr."""
    with _bar() as say:
        yield lambda what, share: say(completed=round(100 * share), total=100, description=what)


@contextmanager
def shown() -> Iterator[Callable[[int, int, Trial], None]]:
    """A callback for a search's progress, drawn on stderr while the block runs."""
    best: Trial | None = None

    def tell(done: int, total: int, trial: Trial) -> None:
        nonlocal best
        if trial.score is not None and (best is None or value(trial) > value(best)):
            best = trial
            say(description=f"best {trial.score.value:.2f} at {human(trial.macs, 'macs')}")
        say(completed=done, total=total)

    with _bar() as say:
        yield tell
