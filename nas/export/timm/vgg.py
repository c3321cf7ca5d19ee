"""timm's VGG: plain 3×3 convolutions from the image on, max pooling between them, and three layers on a 7×7 map."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import FlatHead, NoStem
from nas.export.timm.definition import Definition, norm_settings, rates, refuse
from nas.naming import Naming, naming_table

KINDS = ("conv",)
GRID, HIDDEN = 7, 4096  # timm vgg.py: of what the first linear layer reads, and its width
HEAD = {"hidden1": "pre_logits.fc1", "hidden2": "pre_logits.fc2", "fc": "head.fc"}


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's VGG cannot have."""
    rows: Any = table.stages
    normed = table.norm.kind != "none"
    if not isinstance(table.stem, NoStem) or table.padding != "symmetric":
        raise refuse(table, "a VGG of timm has no stem")
    if any(row.kernel != 3 or (row.stride, row.pool) not in ((1, ""), (1, "max"), (2, "max")) for row in rows):
        raise refuse(table, "a VGG of timm has 3×3 convolutions of stride 1, and 2×2 max pooling behind its stages")
    if normed and not all(row.bias for row in rows):
        raise refuse(table, "the convolutions of a VGG of timm have biases")
    head, size = table.head, table.resolution
    for row in rows:
        size = row.reduced(size)
    if not isinstance(head, FlatHead) or (head.grid, head.hidden, head.early) != (GRID, HIDDEN, False):
        raise refuse(table, f"the head of a VGG of timm has {HIDDEN} channels behind {GRID}×{GRID} cells")
    if size > GRID:
        raise refuse(table, f"its last map has {size}×{size} pixels, of which timm's VGG does not make {GRID}×{GRID}")
    cfg = [item for row in rows for item in (*[str(row.channels)] * row.repeats, *['"M"'] * (row.stride == 2))]
    if normed:
        norms = {"norm_layer": "nn.BatchNorm2d", **norm_settings(table)}
    else:
        plain = table.model_copy(update={"norm": table.norm.model_copy(update={"kind": "batch"})})
        norms = {"act_layer": norm_settings(plain)["act_layer"]}
    settings = {"cfg": f"[{', '.join(cfg)}]", **norms, **rates(table, drop_path=None)}
    ours = naming_table("torchvision_vgg_bn" if normed else "torchvision_vgg")
    naming = Naming(ours.prefix, {**ours.parts, "head": {**ours.parts["head"], **HEAD}}, ours.counters)
    return Definition("VGG", ("from timm.models.vgg import VGG",), settings, table, naming)
