"""Runtimes: what runs a network on a device. One file a runtime, one line here.

Importing this loads no runtime; asking for one does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nas.errors import LatencyError, unknown
from nas.runtimes.runtime import DEVICES, Fingerprint, Runtime, Session, Timer


def _onnxruntime() -> Runtime:
    from nas.runtimes.onnxruntime import OnnxRuntime

    return OnnxRuntime()


def _torch() -> Runtime:
    from nas.runtimes.torch import TorchRuntime

    return TorchRuntime()


@dataclass(frozen=True, slots=True)
class Member:
    """A runtime of the registry: what to install for it, and how to load it."""

    install: str
    load: Callable[[], Runtime]


RUNTIMES: dict[str, Member] = {
    "onnxruntime": Member("onnx onnxruntime", _onnxruntime),
    "torch": Member("torch", _torch),
}


def runtime_named(name: str) -> Runtime:
    """The runtime of a name; LatencyError in one line for an unknown one, or for one that is not installed."""
    if name not in RUNTIMES:
        raise LatencyError(unknown("runtime", name, RUNTIMES))
    try:
        return RUNTIMES[name].load()
    except ImportError as error:
        missing = (error.name or name).partition(".")[0]
        raise LatencyError(
            f"runtime {name} needs the package {missing}, which is not here: pip install {RUNTIMES[name].install}"
        ) from None


__all__ = ["DEVICES", "RUNTIMES", "Fingerprint", "Member", "Runtime", "Session", "Timer", "runtime_named"]
