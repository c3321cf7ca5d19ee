"""Weights of local files: read without pickle's powers, fitted to a module key by key, written as safetensors."""

from __future__ import annotations

import pickle
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from nas.errors import FileError
from nas.files import replacing

WRAPPERS = (
    "state_dict_ema",
    "model_ema",
    "state_dict",
    "model",
)  # training scripts wrap so
COUNTER = ".num_batches_tracked"  # of batch norms; files older than torch 0.4.1 have none
SUFFIXES = (".safetensors", ".pth", ".pt")


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The state dict of a `.safetensors` file, or of a `.pth` or `.pt` file read with `weights_only=True`.

    A state dict may be wrapped by a training script ("state_dict", "model", …; what it averaged is preferred) and its
    keys may begin with "module." or "_orig_mod.". Raises FileError in one line for a file of anything but tensors.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise FileError(f"{path}: weights are read from {', '.join(SUFFIXES)} files")
    if not path.is_file():
        raise FileError(f"{path}: {'not a file' if path.exists() else 'No such file'}")
    try:
        found: dict[str, Any] = load_file(path) if path.suffix == ".safetensors" else _load(path)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    except SafetensorError as error:
        raise FileError(f"{path}: not a safetensors file ({error})") from None
    except (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError) as error:
        raise FileError(f"{path}: not a file of tensors alone ({_told(error)})") from None
    for wrapper in WRAPPERS:
        if isinstance(found.get(wrapper), Mapping) and found[wrapper]:
            found = dict(found[wrapper])
            break
    if not found or not all(isinstance(key, str) and isinstance(value, Tensor) for key, value in found.items()):
        raise FileError(f"{path}: holds no state dict (names with tensors)")
    return {key.removeprefix("module.").removeprefix("_orig_mod."): value for key, value in found.items()}


def _load(path: Path) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch makes of a file's pickle protocol; errors say enough
        found = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(found, Mapping):
        raise ValueError(f"a {type(found).__name__}")
    return dict(found)


def load_weights(model: nn.Module, path: str | Path) -> None:
    """Load a local file into `model`, every key and shape equal; raises FileError, and then changes nothing."""
    weights, wanted = read_weights(path), model.state_dict()
    for key, tensor in wanted.items():
        if key.endswith(COUNTER) and key not in weights:
            weights[key] = torch.zeros_like(tensor, device="cpu")
    said = []
    if missing := [key for key in wanted if key not in weights]:
        said.append(f"it lacks {_listed(missing)}")
    if unexpected := [key for key in weights if key not in wanted]:
        said.append(f"the network has no {_listed(unexpected)}")
    for key, tensor in weights.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex():
            said.append(f"{key} is no plain tensor of real numbers")
            break
    if any(tensor.is_meta for tensor in wanted.values()):
        said.append("the module is on the meta device, where nothing can be loaded")
    for key, tensor in wanted.items():
        if key in weights and weights[key].shape != tensor.shape:
            said.append(f"{key} is {_shape(weights[key])} there and {_shape(tensor)} here")
            if len(said) == 3:
                break
    if said:
        raise FileError(f"{path}: does not fit this network: {'; '.join(said)}")
    model.load_state_dict(weights)


def save_weights(model: nn.Module, path: str | Path) -> None:
    """Write a module's state dict as a `.safetensors` file, whole or not at all."""
    if Path(path).suffix != ".safetensors":
        raise FileError(f"{path}: weights are written as .safetensors files")
    with replacing(path) as temporary:
        save_file({key: tensor.contiguous() for key, tensor in model.state_dict().items()}, temporary)


def _told(error: Exception) -> str:
    """What the file asks for, or the first sentence of torch's message (the others say how to run it)."""
    if asked := re.search(r"Unsupported global: GLOBAL (\S+)", str(error)):
        return f"it asks for {asked[1]}"
    text = str(error).split("\n")[0].partition(". ")[0]
    return text[:120] or type(error).__name__


def _listed(keys: Iterable[str]) -> str:
    first, *others = keys
    return f"{first} and {len(others)} more" if others else first


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a number"
