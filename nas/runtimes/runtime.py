"""What every runtime answers: a session that runs a network, its time in seconds, and on what it was taken."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from numpy.typing import NDArray

from nas.graph import Graph, Shape
from nas.tensors import Array

DEVICES = ("cpu", "cuda")
CPUINFO = Path("/proc/cpuinfo")
# Its numbers, of x86 and of ARM: many machines have no other name than "AMD EPYC" or aarch64.
NUMBERS = {"cpu family": "family", "model": "model", "cpu implementer": "implementer", "cpu part": "part"}
CARDS = Path("/proc/driver/nvidia/gpus")

Timer: TypeAlias = Callable[[int], float]  # so many runs -> seconds, all together


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """On what a latency was taken: runtime and its version, device and the model of its processor, threads."""

    runtime: str
    version: str
    device: str
    processor: str
    threads: int

    def __str__(self) -> str:
        threads = f", {self.threads} thread{'s' * (self.threads != 1)}" if self.device == "cpu" else ""
        return f"{self.runtime} {self.version} on {self.processor}{threads}"


class Session(Protocol):
    """A network that is ready to run."""

    @property
    def input_shape(self) -> Shape:
        """The shape of one image."""

    def run(self, images: Array) -> tuple[Array, ...]:
        """The outputs for a batch of images."""

    def timer(self, images: Array) -> Timer:
        """A stopwatch for this batch, which lies on the device from now on."""


class Runtime(Protocol):
    """What runs networks."""

    @property
    def name(self) -> str:
        """Its name in the registry."""

    def fingerprint(self, threads: int, device: str) -> Fingerprint:
        """What a latency taken here and now is of; LatencyError for a device that the runtime cannot use."""

    def session(
        self,
        graph: Graph,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        threads: int = 1,
        device: str = "cpu",
        seed: int = 0,
    ) -> Session:
        """A network ready to run; without `weights` (names as in a state dict) they are drawn."""

    def opened(self, path: Path, *, threads: int = 1, device: str = "cpu") -> Session:
        """A network of a file; LatencyError where the runtime reads no such file."""


@lru_cache(maxsize=1)
def processor() -> str:
    """The model of this machine's processor, as its system names it, with the numbers that tell namesakes apart."""
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    told: dict[str, str] = {}
    for key, _, value in (line.partition(":") for line in text.splitlines()):
        told.setdefault(key.strip().lower(), value.strip())  # the first core's
    name = next(filter(None, map(told.get, ("model name", "hardware"))), "") or platform.machine() or "unknown"
    numbers = [f"{word} {told[key]}" for key, word in NUMBERS.items() if told.get(key)]
    return " ".join([*name.split(), *([f"({', '.join(numbers)})"] if numbers else [])])


def card() -> str:
    """The models of this machine's NVIDIA cards, as their driver names them."""
    named = []
    for path in sorted(CARDS.glob("*/information")):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        named += [line.partition(":")[2].strip() for line in lines if line.lower().startswith("model")]
    return ", ".join(dict.fromkeys(filter(None, named))) or "a cuda device that its driver does not name"
