"""How each family initialises its weights: the rules of its reference code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Generator, Tensor, nn

from nas.graph.starts import known_start

Fill = Callable[[Tensor, Generator | None], object]


def fan_out(weight: Tensor, generator: Generator | None) -> Tensor:
    """Normal with variance 2 / (kernel area × output channels) (He et al. 2015)."""
    return nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu", generator=generator)


def torch_default(weight: Tensor, generator: Generator | None) -> Tensor:
    """Uniform within ±1 / sqrt(inputs of one output): what torch's layers do on their own."""
    return nn.init.kaiming_uniform_(weight, a=sqrt(5), generator=generator)


def by_outputs(weight: Tensor, generator: Generator | None) -> Tensor:
    """Uniform within ±1 / sqrt(outputs)."""
    bound = 1 / sqrt(weight.shape[0])
    return nn.init.uniform_(weight, -bound, bound, generator=generator)


def small_normal(weight: Tensor, generator: Generator | None) -> Tensor:
    """Normal with standard deviation 0.01."""
    return nn.init.normal_(weight, 0, 0.01, generator=generator)


@dataclass(frozen=True, slots=True)
class Init:
    """How convolution and linear weights start; biases start at 0 unless `linear_bias` (torch's own rule)."""

    conv: Fill
    linear: Fill
    linear_bias: bool = False


INITS: dict[str, Init] = {  # their names stand in nas.graph.starts too
    "default": Init(fan_out, torch_default),
    "efficientnet": Init(fan_out, by_outputs),  # torchvision efficientnet.py, after tensorflow/tpu
    "mobilenetv2": Init(fan_out, small_normal),  # torchvision mobilenetv2.py
    "resnet": Init(fan_out, torch_default, linear_bias=True),  # torchvision resnet.py
}


def init_rule(name: str) -> Init:
    """The rule of that name; raises GraphError for an unknown one."""
    return INITS[known_start(name)]


@torch.no_grad()
def initialise(model: nn.Module, rule: Init, generator: Generator | None) -> None:
    """Fill every weight of `model`; its batch norms are already at rest (scale 1, shift 0)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            rule.conv(module.weight, generator)
        elif isinstance(module, nn.Linear):
            rule.linear(module.weight, generator)
            if rule.linear_bias and module.bias is not None:
                bound = 1 / sqrt(module.in_features)
                nn.init.uniform_(module.bias, -bound, bound, generator=generator)
