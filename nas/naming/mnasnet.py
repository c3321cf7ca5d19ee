"""Names of the modules of MnasNets."""

from __future__ import annotations

from collections.abc import Mapping

from nas.naming.table import Naming, Place

SEPARABLE = 5  # modules of a separable block: two convolutions, two norms, one activation


def _counters(place: Place) -> Mapping[str, int | str]:
    """Stem, first stage, the other stages and the head are one list, in which another stage is one member."""
    line = 3 + SEPARABLE * (place.block if place.stage == 1 else sum(place.repeats[:1]))
    member = line + max(0, place.stage - 2)
    head = line + len(place.repeats) - 1
    return {
        "member": member,
        **{f"line{n}": line + n if place.stage == 1 else f"{member}.{place.block}.{n}" for n in range(SEPARABLE)},
        **{f"head{n}": head + n for n in range(3)},
    }


# torchvision.models.mnasnet: the separable block of the first stage stands in the list itself.
TORCHVISION = Naming(
    "layers.{member}.{block}",
    {
        "stem": {"conv": "layers.0", "norm": "layers.1", "act": "layers.2"},
        "separable": {
            "depthwise.conv": "/layers.{line0}",
            "depthwise.norm": "/layers.{line1}",
            "depthwise.act": "/layers.{line2}",
            "project.conv": "/layers.{line3}",
            "project.norm": "/layers.{line4}",
        },
        "mbconv": {
            "expand.conv": "layers.0",
            "expand.norm": "layers.1",
            "expand.act": "layers.2",
            "depthwise.conv": "layers.3",
            "depthwise.norm": "layers.4",
            "depthwise.act": "layers.5",
            "project.conv": "layers.6",
            "project.norm": "layers.7",
        },
        "head": {
            "conv": "layers.{head0}",
            "norm": "layers.{head1}",
            "act": "layers.{head2}",
            "pool": "pool",
            "dropout": "classifier.0",
            "fc": "classifier.1",
        },
    },
    _counters,
)
