"""What is to be labelled, how often, by whom, and where that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nas.budget import Budget
from nas.evaluators.score import PROXY_SCORE, Evaluator
from nas.space import Genomes, Space


@dataclass(frozen=True)
class Terms:
    """What is labelled and how: `n` networks, then the `top` best believed again with `seeds` more seeds.

    `pool` is the number of networks of the space, within the budgets, that these are chosen from; `seed` draws it and
    is that of the first labels and of the zero-cost scores. With `proxies` zero-cost scores are features of the fit:
    measured for some networks of the pool, a second or more each, and foretold for all others. `cache` is the file in
    which labels are kept for ever, `scores` that of zero-cost scores; None: kept in memory.
    """

    space: Space
    labeller: Evaluator
    budgets: tuple[Budget, ...] = ()
    n: int = 20
    top: int = 5
    seeds: int = 2
    pool: int = 500
    seed: int = 0
    proxies: bool = False
    cache: Path | None = None
    scores: Path | None = None

    def cost(self, pool: int) -> str:
        """How many labels a pool of that size will be asked for if none fails, and which, in words."""
        n, again = min(self.n, pool), min(self.top, pool) if self.seeds else 0
        if known_only(self.labeller) is None:
            most, further, how = "", again * self.seeds, f"with {self.seeds} other seed{'s' * (self.seeds > 1)} each"
        else:
            most, further, how = "up to ", again, "unless they have one"
        told = f"{most}{n + further} labels: {n} networks"
        told += f", then the {again} best believed {how}" if further else ""
        runs = getattr(self.labeller, "seeds", 1)
        return told + (f"; {(n + further) * runs} runs, {runs} a label" if runs > 1 else "")


def known_only(labeller: Evaluator) -> Genomes | None:
    """The networks of a labeller that has answers for some only, such as a table; None: it answers for any."""
    return getattr(labeller, "genomes", None)


def costly(labeller: Evaluator) -> bool:
    """Whether a label costs more than zero-cost scores do, so that they are worth measuring to save labels."""
    return not (labeller.cheap or known_only(labeller) is not None or labeller.about.unit == PROXY_SCORE)
