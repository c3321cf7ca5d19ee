"""Budgets: how much of what a network may cost, as people write it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nas.errors import BudgetError, unknown

# Metric names as people write them -> the metric that a cost table has.
METRICS = {
    "flops": "macs",
    "macs": "macs",
    "params": "params",
    "activations": "activations",
    "memory": "memory",
    "latency": "latency",
}
SCALES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
BYTES = {"B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9, "GiB": 2**30}
TIMES = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9}
UNITS = {"memory": BYTES, "latency": TIMES}  # of the others SCALES

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?(?:e\d+)?)([A-Za-z]*)")
_FORMS = "write 400M-flops (a cap), 400M-flops~5% (± 5 %) or 380M..420M-flops (a range)"
_TIMED = re.compile(rf"\d\s*({'|'.join(TIMES)})$")  # how an amount of time ends
_TABLE = "a latency is of a device: write 8ms-latency@table.json, with a table of `nascli latency calibrate`"


@dataclass(frozen=True, slots=True)
class Budget:
    """Admits a network whose `metric` lies in [`low`, `high`], both ends in.

    Metrics: "macs" (what papers call FLOPs), "params", "activations", "memory" (bytes of float32
    weights plus the peak of the activations), and "latency" (nanoseconds, as the file `table` predicts them).
    `text` is how the user wrote it.
    """

    metric: str
    low: int
    high: int
    text: str = ""
    table: str = ""

    def __post_init__(self) -> None:
        if self.metric not in METRICS.values():
            raise BudgetError(unknown("metric", self.metric, METRICS))
        if (self.metric == "latency") != bool(self.table):
            where = f"budget {self.text or self.metric!r}"
            raise BudgetError(f"{where}: {_TABLE if not self.table else f'only latency is of a table, {self.table!r}'}")
        if not 0 <= self.low <= self.high:
            raise BudgetError(
                f"budget {self.text or self!r}: the lower end {self.low:,} is above the upper {self.high:,}"
            )
        if self.high == 0:
            raise BudgetError(f"budget {self.text or self!r}: nothing costs 0")

    @classmethod
    def parse(cls, text: str) -> Budget:
        """A budget from "400M-flops", "400M-flops~5%", "380M..420M-flops", "5.3M-params", "20MiB-memory" or
        "8ms-latency@table.json" (with a band "8ms-latency~5%@table.json")."""
        whole, _, table = text.strip().partition("@")
        body, tilde, slack = whole.partition("~")
        amounts, dash, word = body.rpartition("-")
        if not dash:
            told = _TABLE if _TIMED.search(body) else f"{_FORMS}; metrics: {', '.join(METRICS)}"
            raise BudgetError(f"budget {text!r} names no metric; {told}")
        if "~" in table:
            raise BudgetError(f"budget {text!r}: the band stands before the table: 8ms-latency~5%@table.json")
        if word not in METRICS:
            raise BudgetError(f"budget {text!r}: {unknown('metric', word, METRICS)}; {_FORMS}")
        ends = amounts.split("..")
        if len(ends) > 2 or (len(ends) == 2 and tilde):
            raise BudgetError(f"budget {text!r} cannot be read; {_FORMS}")
        values = [_amount(end, METRICS[word], text) for end in ends]
        low, high = (0, values[0]) if len(values) == 1 else (values[0], values[1])
        if tilde:
            share = _share(slack, text)
            low, high = round(values[0] * (1 - share)), round(values[0] * (1 + share))
        return cls(METRICS[word], low, high, text.strip(), table)

    def admits(self, cost: Mapping[str, int]) -> bool:
        """Whether a network of that cost is within the budget."""
        return self.low <= cost[self.metric] <= self.high

    def __str__(self) -> str:
        if self.text:
            return self.text
        spread = f"{self.low}..{self.high}" if self.low else f"{self.high}"
        if self.metric == "latency":
            spread = f"{self.low}ns..{self.high}ns" if self.low else f"{self.high}ns"
            return f"{spread}-latency@{self.table}"
        return f"{spread}B-{self.metric}" if self.metric == "memory" else f"{spread}-{self.metric}"


def read_budgets(budgets: Budget | str | Sequence[Budget | str]) -> list[Budget]:
    """Budgets, given as such or as texts, one or several; raises BudgetError."""
    several = [budgets] if isinstance(budgets, (str, Budget)) else budgets
    return [Budget.parse(budget) if isinstance(budget, str) else budget for budget in several]


def _amount(text: str, metric: str, budget: str) -> int:
    match = _AMOUNT.fullmatch(text)
    units = UNITS.get(metric, SCALES)
    if match is None or len(text) > 40:
        raise BudgetError(f"budget {budget!r}: {text!r} is not a positive amount; {_FORMS}")
    if match[2] not in units:
        raise BudgetError(f"budget {budget!r}: {unknown('unit', match[2], [u for u in units if u])}; {_FORMS}")
    amount = float(match[1]) * units[match[2]]
    if amount > 10**18:
        raise BudgetError(f"budget {budget!r}: {text} is out of bounds")
    return round(amount)


def _share(text: str, budget: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
    if match is None or not 0 < float(match[1]) < 100:
        raise BudgetError(f"budget {budget!r}: after ~ comes a percentage between 0 and 100, such as ~5%")
    return float(match[1]) / 100


def human(amount: float, metric: str) -> str:
    """An amount as people read it: 385.8M macs, 20.1 MiB, 8.2 ms."""
    if metric == "memory":
        return f"{amount / 2**20:.1f} MiB"
    if metric == "latency":
        unit, scale = ("ms", 10**6) if amount >= 10**5 else ("µs", 10**3)
        return f"{amount / scale:.3g} {unit}"
    for unit, scale in (("G", 10**9), ("M", 10**6), ("K", 10**3)):
        if amount >= scale:
            return f"{amount / scale:.4g}{unit} {metric}"
    return f"{amount:g} {metric}"
