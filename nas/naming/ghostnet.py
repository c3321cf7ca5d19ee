"""Names of the modules of GhostNets."""

from __future__ import annotations

from collections.abc import Mapping

from nas.naming import mobilenetv3
from nas.naming.table import Naming, Place


def stacks(place: Place) -> Mapping[str, int]:
    """A row with a stride is a stack of its own, and so is the last row."""
    strides = [stride for _, stride in place.rows]
    last = len(strides) - 1
    starts = [n for n, stride in enumerate(strides) if n in (0, last) or stride > 1 or strides[n - 1] > 1]
    return mobilenetv3.within(place, starts)


_SE = {"se.reduce": "se.conv_reduce", "se.act": "se.act1", "se.expand": "se.conv_expand"}
_GHOSTS = {
    f"{module}.{part}.{layer}": f"{module}.{theirs}.{number}"
    for module in ("ghost1", "ghost2")
    for part, theirs in (("primary", "primary_conv"), ("cheap", "cheap_operation"))
    for number, layer in enumerate(("conv", "norm", "act"))
}
# timm.models.ghostnet.
TIMM = Naming(
    "blocks.{stack}.{inner}",
    {
        **mobilenetv3.TIMM.parts,
        "ghost": {
            **_GHOSTS,
            **_SE,
            "depthwise.conv": "conv_dw",
            "depthwise.norm": "bn_dw",
            "shortcut.depthwise.conv": "shortcut.0",
            "shortcut.depthwise.norm": "shortcut.1",
            "shortcut.conv": "shortcut.2",
            "shortcut.norm": "shortcut.3",
        },
    },
    stacks,
)
