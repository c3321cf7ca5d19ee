"""Write state_dicts.txt: the keys and shapes of torchvision's state dicts, one network a block."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent))
from oracles import import_torchvision

NAMES = (
    *(f"efficientnet_b{size}" for size in range(8)),
    *(f"efficientnet_v2_{size}" for size in "sml"),
    "mobilenet_v2",
    "resnet18",
    "resnet50",
)


def main() -> None:
    torchvision = import_torchvision()
    lines = []
    for name in NAMES:
        with torch.device("meta"):
            model = getattr(torchvision.models, name)(weights=None)
        lines.append(f"# {name}")
        lines += [f"{'x'.join(map(str, tensor.shape)) or '-'} {key}" for key, tensor in model.state_dict().items()]
    Path(__file__).with_name("state_dicts.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
