"""Checkpoints: one safetensors file whose header holds, as JSON, what the tensors belong to. Whole or not there.

Every epoch draws from (seed, epoch) alone, so the pair stands for the state of all random generators.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from nas.errors import FileError, NasError
from nas.files import check_schema, document, parse_json, replacing
from nas.training.recipe import Recipe

SCHEMA = "nascli.checkpoint/1"
HEADER = "nascli"


@dataclass(frozen=True)
class Place:
    """What a training is of, and how far it came: `epoch` epochs, of `seconds` in all."""

    graph: str
    resolution: int
    data: str
    seed: int
    recipe: Recipe
    version: int
    epoch: int = 0
    seconds: float = 0.0
    top1: float | None = None

    def refuses(self, wanted: Place) -> str:
        """Why a training of `wanted` cannot go on from here; "" where it can.

        Of the recipe the number of epochs may differ while the rate does not depend on it.
        """
        if self.graph != wanted.graph:
            return f"of another architecture (graph {self.graph[:12]}, now {wanted.graph[:12]})"
        for key, what in (("resolution",) * 2, ("data",) * 2, ("seed",) * 2, ("version", "version of the training")):
            if getattr(self, key) != getattr(wanted, key):
                return f"of another {what} ({getattr(self, key)}, now {getattr(wanted, key)})"
        then, now = asdict(self.recipe), asdict(wanted.recipe)
        differ = [key for key in now if then[key] != now[key]]
        both = min(self.recipe.trunk, wanted.recipe.trunk)
        if not differ or (differ == ["epochs"] and self.recipe.extensible and self.epoch <= both):
            return ""
        return f"of another recipe ({', '.join(f'{key}={then[key]}, now {now[key]}' for key in differ)})"


def save_checkpoint(path: Path, place: Place, tensors: dict[str, Tensor]) -> None:
    """Write a checkpoint, whole or not at all."""
    header = json.dumps(document(SCHEMA, asdict(place)))
    with replacing(path) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, metadata={HEADER: header})


def read_place(path: Path) -> Place:
    """What a checkpoint belongs to; FileError for a file that is none."""
    try:
        with safe_open(path, "pt") as file:
            header = (file.metadata() or {}).get(HEADER)
    except (OSError, SafetensorError) as error:
        raise FileError(f"{path}: not a checkpoint ({error}); delete it or choose another folder") from None
    if header is None:
        raise FileError(f"{path}: weights without the header of a checkpoint; choose another folder")
    told: dict[str, Any] = parse_json(header, str(path))
    check_schema(told, SCHEMA, where=str(path))
    body = {key: value for key, value in told.items() if key not in ("schema", "nascli_version")}
    try:
        return Place(**{**body, "recipe": Recipe(**body["recipe"])})
    except (TypeError, KeyError, NasError) as error:
        raise FileError(f"{path}: not well formed as a checkpoint ({error}); delete it") from None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint."""
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - a file is no mapping
