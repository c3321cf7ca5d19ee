"""The second meters: what torch itself says a module costs."""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


def measured_params(model: nn.Module) -> int:
    return sum(weight.numel() for weight in model.parameters())


def measured_macs(model: nn.Module, shape: tuple[int, ...]) -> int:
    """torch's flop counter / 2, on the meta device, for one image."""
    model = model.to("meta").eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, *shape, device="meta"))
    return counter.get_total_flops() // 2


def measured_peak_bytes(model: nn.Module, shape: tuple[int, ...]) -> int:
    """The most bytes of activations alive at once in one eval forward of one image, weights not counted.

    Every tensor is watched from the op that makes it until Python frees it; the image counts until the
    last op that reads it.
    """
    model.eval()
    image = torch.zeros(1, *shape)
    meter = _Live({weight.untyped_storage()._cdata for weight in (*model.parameters(), *model.buffers())})
    with meter, torch.no_grad():
        model(image)
    last_read = max(meter.reads.get(image.untyped_storage()._cdata, [0]))
    bytes_of_image = image.untyped_storage().nbytes()
    return max(live + (bytes_of_image if step <= last_read else 0) for step, live in enumerate(meter.levels))


class _Live(TorchDispatchMode):
    def __init__(self, weights: set[int]) -> None:
        super().__init__()
        self.weights, self.tensors, self.sizes = weights, {}, {}
        self.levels: list[int] = []
        self.reads: dict[int, list[int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        step = len(self.levels)
        read = [leaf.untyped_storage()._cdata for leaf in tree_leaves(args) if isinstance(leaf, torch.Tensor)]
        for key in read:
            self.reads.setdefault(key, []).append(step)
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                key = tensor.untyped_storage()._cdata
                known = key in self.weights or (key in self.reads and key not in self.sizes)
                if not known and id(tensor) not in self.tensors:
                    self.sizes[key] = tensor.untyped_storage().nbytes()
                    self.tensors[id(tensor)] = key
                    weakref.finalize(tensor, self._freed, id(tensor))
        self.levels.append(sum(self.sizes.values()))
        return out

    def _freed(self, name: int) -> None:
        key = self.tensors.pop(name)
        if key not in self.tensors.values():
            del self.sizes[key]
            self.reads.pop(key, None)
