"""What record.json of a search must say for a report of it."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from nas.evaluators.score import Failure, Score, checked
from nas.runtimes import Fingerprint

Amount = Annotated[int, Field(ge=0, le=2**63)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Told(BaseModel):
    """What a record says; keys that are not read here are let alone."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Row(_Told):
    """A network's score and costs."""

    digest: str = ""
    name: str = ""
    note: str = ""
    score: Finite | None
    low: Finite | None = None
    high: Finite | None = None
    macs: Amount
    params: Amount
    activations: Amount | None = None
    memory: Amount | None = None
    latency: Amount | None = None

    @property
    def scored(self) -> Score | None:
        """The score; None where the evaluator gave none, or one outside its interval."""
        answer = None if self.score is None else checked(Score(self.score, self.low, self.high))
        return None if isinstance(answer, Failure) else answer

    @property
    def costs(self) -> dict[str, int]:
        """What it costs, by metric."""
        told = {metric: getattr(self, metric) for metric in ("macs", "params", "activations", "memory", "latency")}
        return {metric: amount for metric, amount in told.items() if amount is not None}


def _known(told: Any) -> Any:
    """Figures without those that are no number (JSON of Python has NaN)."""
    if isinstance(told, dict):
        return {key: _known(one) for key, one in told.items() if not _nan(one)}
    return [_known(one) for one in told if not _nan(one)] if isinstance(told, list) else told


def _nan(told: Any) -> bool:
    return isinstance(told, float) and not math.isfinite(told)


class _Evaluator(_Told):
    name: str
    fingerprint: str
    quality: Annotated[dict[str, Any], BeforeValidator(_known)]


class _Unit(_Told):
    unit: str
    note: str


class _Trials(_Told):
    run: Amount
    feasible: Amount
    failed: Amount
    reasons: dict[str, Amount]


class Timed(_Told):
    """A finalist: what the latency table said of it, and what it took."""

    name: str
    predicted_ns: Annotated[int, Field(gt=0, le=10**15)]
    measured_ns: Annotated[int, Field(gt=0, le=10**15)]


class On(_Told):
    """On what latencies were taken."""

    runtime: str
    version: str
    device: str
    processor: str
    threads: Amount

    @property
    def fingerprint(self) -> Fingerprint:
        """The same as a value."""
        return Fingerprint(self.runtime, self.version, self.device, self.processor, self.threads)


class Latency(On):
    """The table's device and digest, how far it was off when it was made, and the finalists with what measured them."""

    table: str
    held_out_error: Finite
    finalists: tuple[Timed, ...]
    measured_on: On | None = None  # older records do not say


class Best(Row):
    """The winner."""

    digest: Annotated[str, Field(min_length=1)]


class Record(_Told):
    """record.json of a search, as far as a report reads it."""

    nascli_version: str
    command: str
    packages: dict[str, str]
    python: str
    objectives: tuple[str, ...]
    space: str
    budgets: tuple[str, ...]
    evaluator: _Evaluator
    score: _Unit
    best: Best
    tied: Amount
    baselines: tuple[Row, ...]
    trials: _Trials
    remarks: tuple[str, ...]
    agreement: dict[str, Any] | None
    exhausted: bool
    seconds: Finite
    resumed: bool
    space_table: dict[str, Any]
    latency: Latency | None = None
    seed: int | None = None
    sampler: str | None = None
