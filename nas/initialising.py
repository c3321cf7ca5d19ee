"""How each family initialises its weights: the rules of its reference code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Generator, Tensor, nn

from nas.graph import Graph
from nas.graph.ops import Add, BatchNorm, Conv2d, Linear, Multiply, StochasticDepth
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


def uniform_by_outputs(weight: Tensor, generator: Generator | None) -> Tensor:
    """Uniform with variance 1 / outputs."""
    return nn.init.kaiming_uniform_(weight, mode="fan_out", nonlinearity="sigmoid", generator=generator)


def small_normal(weight: Tensor, generator: Generator | None) -> Tensor:
    """Normal with standard deviation 0.01."""
    return nn.init.normal_(weight, 0, 0.01, generator=generator)


def normal(deviation: float) -> Fill:
    """Normal with that standard deviation."""
    return lambda weight, generator: nn.init.normal_(weight, 0, deviation, generator=generator)


def truncated(weight: Tensor, generator: Generator | None) -> Tensor:
    """Normal with standard deviation 0.02, truncated far out (at ±2)."""
    return nn.init.trunc_normal_(weight, std=0.02, generator=generator)


def fan_in(weight: Tensor, generator: Generator | None) -> Tensor:
    """Normal with variance 1 / inputs of one output (LeCun et al. 1998)."""
    return nn.init.kaiming_normal_(weight, mode="fan_in", nonlinearity="linear", generator=generator)


def he_fan_in(weight: Tensor, generator: Generator | None) -> Tensor:
    """Normal with variance 2 / inputs of one output (He et al. 2015)."""
    return nn.init.kaiming_normal_(weight, generator=generator)


def he_uniform(weight: Tensor, generator: Generator | None) -> Tensor:
    """Uniform with variance 2 / inputs of one output."""
    return nn.init.kaiming_uniform_(weight, generator=generator)


@dataclass(frozen=True, slots=True)
class Init:
    """How convolution and linear weights start; biases start at 0 unless `conv_bias` or `linear_bias` (torch's rule).

    With `by_group` the outputs that a grouped convolution's weights are scaled by are those of one group.
    `classes` is for a convolution that makes the classes, where that starts otherwise than the rest, and `auxiliary`
    for the last layer of auxiliary classifiers.
    With `zero_last` the norm that ends a residual branch starts at scale 0 (Goyal et al. 2017, arXiv:1706.02677).
    """

    conv: Fill
    linear: Fill
    linear_bias: bool = False
    conv_bias: bool = False
    zero_last: bool = False
    by_group: bool = False
    classes: Fill | None = None
    auxiliary: Fill | None = None


INITS: dict[str, Init] = {  # their names stand in nas.graph.starts too
    "default": Init(fan_out, torch_default),
    "torch": Init(torch_default, torch_default, linear_bias=True, conv_bias=True),  # torchvision shufflenetv2.py
    "convnext": Init(truncated, truncated),  # torchvision convnext.py, timm convnext.py and inception_next.py
    "densenet": Init(he_fan_in, torch_default),  # torchvision densenet.py
    "efficientnet": Init(fan_out, by_outputs),  # torchvision efficientnet.py, after tensorflow/tpu
    "timm_efficientnet": Init(fan_out, by_outputs, by_group=True),  # timm _efficientnet_builder.py, _init_weight_goog
    "googlenet": Init(small_normal, small_normal, linear_bias=True),  # torchvision googlenet.py
    "inception_v3": Init(  # torchvision inception.py
        normal(0.1), normal(0.1), linear_bias=True, auxiliary=normal(0.001)
    ),
    "mnasnet": Init(fan_out, uniform_by_outputs),  # torchvision mnasnet.py
    "mobilenetv2": Init(fan_out, small_normal),  # torchvision mobilenetv2.py
    "nfnet": Init(fan_in, small_normal),  # timm nfnet.py, after google-deepmind/deepmind-research
    "regnet": Init(fan_out, small_normal, conv_bias=True),  # torchvision regnet.py
    "timm_regnet": Init(fan_out, small_normal, by_group=True, zero_last=True),  # timm regnet.py
    "resnetv2": Init(fan_out, small_normal, classes=small_normal),  # timm resnetv2.py
    "resnet": Init(fan_out, torch_default, linear_bias=True),  # torchvision resnet.py
    "timm_resnet": Init(fan_out, torch_default, linear_bias=True, conv_bias=True, zero_last=True),  # timm resnet.py
    "van": Init(fan_out, truncated, by_group=True),  # Visual-Attention-Network/VAN-Classification, models/van.py
    "squeezenet": Init(he_uniform, torch_default, classes=small_normal),  # torchvision squeezenet.py
    "zfnet": Init(small_normal, small_normal),  # arXiv:1311.2901, §3
    "senet": Init(fan_out, torch_default, linear_bias=True, conv_bias=True),  # timm senet.py
}


def init_rule(name: str) -> Init:
    """The rule of that name; raises GraphError for an unknown one."""
    return INITS[known_start(name)]


@torch.no_grad()
def initialise(
    model: nn.Module,
    rule: Init,
    generator: Generator | None,
    ends: Iterable[str] = (),
    classes: Iterable[str] = (),
    auxiliary: Iterable[str] = (),
) -> None:
    """Fill every weight of `model`; its norms are already at rest (scale 1, shift 0).

    `ends` are the paths of the norms that end residual branches, `classes` those of convolutions that make classes,
    `auxiliary` those of the linear layers that end auxiliary classifiers.
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
            module.bias.zero_()
        if isinstance(module, nn.Conv2d):
            rule.conv(module.weight, generator)
            if rule.by_group and module.groups > 1:
                module.weight.mul_(sqrt(module.groups))
            if rule.conv_bias:
                _torch_bias(module, module.weight[0].numel(), generator)
        elif isinstance(module, nn.Linear):
            rule.linear(module.weight, generator)
            if rule.linear_bias:
                _torch_bias(module, module.in_features, generator)
    for path in ends if rule.zero_last else ():
        nn.init.zeros_(model.get_submodule(path).get_parameter("weight"))
    for path in classes:
        (rule.classes or rule.conv)(model.get_submodule(path).get_parameter("weight"), generator)
    for path in auxiliary:
        (rule.auxiliary or rule.linear)(model.get_submodule(path).get_parameter("weight"), generator)


@torch.no_grad()
def zero(model: nn.Module) -> None:
    """Convolutions and linear layers at zero."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.weight.zero_()
            if module.bias is not None:
                module.bias.zero_()


def _torch_bias(module: nn.Conv2d | nn.Linear, inputs: int, generator: Generator | None) -> None:
    """Uniform within ±1 / sqrt(inputs of one output): what torch's layers do on their own."""
    if module.bias is not None:
        nn.init.uniform_(module.bias, -1 / sqrt(inputs), 1 / sqrt(inputs), generator=generator)


def class_convs(graph: Graph) -> list[str]:
    """The last convolution of the head, where it has any."""
    found = [name for name, node in graph.nodes.items() if node.stage == "head" and isinstance(node.op, Conv2d)]
    return found[-1:]


def auxiliary_ends(graph: Graph) -> list[str]:
    """The linear layers that make outputs besides the first."""
    return [name for name, _ in graph.outputs[1:] if isinstance(graph.nodes[name].op, Linear)]


def branch_ends(graph: Graph) -> list[str]:
    """The norms that end residual branches: between one and its sum stand gates and drops at most."""
    found: dict[str, None] = {}
    for node in graph.nodes.values():
        if isinstance(node.op, Add):
            behind = [node.inputs[0][0]]  # the branch comes first, then the shortcut
            while behind:
                before = graph.nodes[behind.pop()]
                if isinstance(before.op, (StochasticDepth, Multiply)):
                    behind += [name for name, _ in before.inputs]
                elif isinstance(before.op, BatchNorm):
                    found[before.name] = None
    return list(found)
