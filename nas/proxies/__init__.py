"""Zero-cost scores: what an untrained network shows of itself. One file a score, one line here.

Importing this loads no torch; measuring does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from nas.lowering import Description, lower
from nas.proxies.proxy import Proxy, Setting, measure_of

PROXIES: dict[str, Proxy] = {
    "grad_norm": Proxy("log of the summed norms of the weights' gradients", (0.3, 3.2), (0.55, 0.71)),
    "snip": Proxy("log of the summed |weight × gradient|", (0.3, 2.8), (0.21, 0.85)),
    "synflow": Proxy(
        "log of the summed |weight × gradient| of the flow through absolute weights", (0.2, 0.4), (0.01, 0.59)
    ),
    "zen": Proxy(
        "log of how far noise on the image moves the last map", (0.5, 5.7), (0.09, 0.56), repeats=4, version=2
    ),
    "jacob_cov": Proxy("how little the images' gradients are correlated", (0.2, 2.2), (0.60, -0.32)),
    "zico": Proxy(
        "log of the gradients' means over their deviations between batches",
        (0.6, 6.2),
        (0.19, 0.54),
        repeats=2,
        fewest=2,
    ),
    "naswot": Proxy("log-determinant of the images' agreement in units on and off", (0.2, 1.1), (0.75, -0.65)),
    "az_nas": Proxy(
        "ranks of expressivity, progressivity, trainability and macs among networks of the space",
        (0.2, 1.6),
        (0.49, -0.17),
        parts=("expressivity", "progressivity", "trainability", "complexity"),
    ),
}

QUICK = Setting(batch=8, resolution=32, repeats=2)


def features(
    architectures: Sequence[Description],
    num_classes: int = 1000,
    in_chans: int = 3,
    *,
    seed: int = 0,
    setting: Setting = QUICK,
    names: Iterable[str] = PROXIES,
) -> dict[str, NDArray[np.float64]]:
    """Every zero-cost score of each architecture, (architectures,) a name, in logs; NaN where there is none.

    A score of several parts is several features, "az_nas.trainability". One batch, its gradients and codes serve all.
    """
    from nas.proxies.measuring import measured

    wanted = list(names)
    found: dict[str, list[float]] = {column: [] for name in wanted for column in columns(name)}
    for architecture in architectures:
        graph = lower(architecture, num_classes, in_chans)
        for name, answer in measured(graph, setting, seed, wanted).items():
            values = [np.nan] * len(columns(name)) if isinstance(answer, str) else answer
            for column, value in zip(columns(name), values, strict=True):
                found[column].append(value)
    return {column: np.array(values, dtype=np.float64) for column, values in found.items()}


def columns(name: str) -> tuple[str, ...]:
    """The features that a score is."""
    return tuple(f"{name}.{part}" for part in PROXIES[name].parts) or (name,)


__all__ = ["PROXIES", "QUICK", "Proxy", "Setting", "columns", "features", "measure_of"]
