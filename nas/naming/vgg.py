"""Names of the modules of VGGs."""

from __future__ import annotations

from collections.abc import Mapping

from nas.naming.table import Naming, Place

_HEAD = {
    "pool": "avgpool",
    "flatten": "flatten",
    "hidden1": "classifier.0",
    "act1": "classifier.1",
    "dropout1": "classifier.2",
    "hidden2": "classifier.3",
    "act2": "classifier.4",
    "dropout": "classifier.5",
    "fc": "classifier.6",
}


def _table(*layers: str) -> Naming:
    """torchvision.models.vgg: all layers stand in one list, the `layers` of each convolution and a pooling a stage."""

    def counters(place: Place) -> Mapping[str, int]:
        at = len(layers) * place.flat + max(0, place.stage - 1)
        numbers = {layer: at + number for number, layer in enumerate(layers)}
        return {**numbers, "pool": at + len(layers)}

    conv = {layer: f"/features.{{{layer}}}" for layer in (*layers, "pool")}
    return Naming("features.{conv}", {"conv": conv, "head": _HEAD}, counters)


TORCHVISION = _table("conv", "act")
TORCHVISION_BN = _table("conv", "norm", "act")
