"""Write figures of oracles into nas/zoo/measured.json: parameters, and multiply-adds at one image size.

    python tests/reference/measure.py timm:resnetv2_50x3_bit timm:dm_nfnet_f0 torchvision:resnet18@288

Rows that are there already are replaced. The size is that which the library tests the model at, unless told (@SIZE).
The oracle is built on the meta device, and its macs are torch's flop counter / 2; it needs the oracle's library.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parent.parent))
from oracles import built

FILE = Path(__file__).parents[2] / "nas" / "zoo" / "measured.json"


def measured(oracle: str) -> dict[str, Any]:
    """The row of an oracle "LIBRARY:MODEL", or of that at an image size "LIBRARY:MODEL@SIZE"."""
    oracle, _, told = oracle.partition("@")
    library, _, name = oracle.partition(":")
    shape: tuple[int, ...] = (3, 224, 224)
    with torch.device("meta"):
        model = built(library, name)
    if settings := getattr(model, "default_cfg", None):
        shape = tuple(settings.get("test_input_size") or settings["input_size"])
    if told:
        shape = (3, int(told), int(told))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.empty(1, *shape, device="meta"))
    return {
        "name": name,
        "oracle": {"torchvision": f"torchvision.models.{name}", "code": name}.get(library, oracle),
        "params": sum(weight.numel() for weight in model.parameters()),
        "macs": counter.get_total_flops() // 2,
        "macs_input_size": shape,
    }


def main() -> None:
    rows = {row["oracle"]: row for row in json.loads(FILE.read_text())} if FILE.exists() else {}
    for oracle in sys.argv[1:]:
        row = measured(oracle)
        rows[row["oracle"]] = row
        print(row)
    FILE.write_text("[\n" + ",\n".join(json.dumps(rows[oracle]) for oracle in sorted(rows)) + "\n]\n")


if __name__ == "__main__":
    main()
