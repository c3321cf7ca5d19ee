"""Synaptic flow (Tanaka et al. 2020, arXiv:2006.05467, eq. 2; summed by Abdelfattah et al. 2021, arXiv:2101.08134).

Σ |w · ∂R/∂w| where R is the sum of the outputs for an image of ones through the absolute weights; here its logarithm,
in float64, as R grows with the product of the layers. Norms are left out and biases are 0. Every number is then
positive, so a ramp (ReLU and its kin) passes it on, also one that would stop at 6; a gate (sigmoid) stays.
"""

from __future__ import annotations

import torch
from torch import fx, nn

from nas.graph import Op
from nas.graph.ops import (
    Activation,
    BatchNorm,
    GlobalResponseNorm,
    GroupNorm,
    LayerNorm,
    LocalResponseNorm,
    StandardisedConv2d,
)
from nas.modules import SameConv2d, StandardisedConv, bare
from nas.proxies.logs import log
from nas.proxies.subject import RAMPS, Subject, gradients

NORMS: tuple[type[Op], ...] = (BatchNorm, LayerNorm, GroupNorm, GlobalResponseNorm, LocalResponseNorm)


def measure(subject: Subject) -> float:
    """log Σ |w · ∂R/∂w| over the weights of convolutions and linear layers."""
    model = linear(subject).double()
    weights = subject.weights(model)
    flow = model(torch.ones(1, *subject.shape, dtype=torch.float64)).sum()
    found = gradients(flow, weights)
    return log(
        sum(float((weight.detach() * slope).abs().sum()) for weight, slope in zip(weights, found, strict=True)),
        "nothing flows from the image to the output",
    )


@torch.no_grad()
def linear(subject: Subject) -> fx.GraphModule:
    """The network with absolute weights, without biases, norms and ramps."""
    model = subject.module()
    for parameter in model.parameters():
        parameter.abs_()
    for op, module in subject.modules(model, *NORMS, Activation):
        if not isinstance(op, Activation) or op.function in RAMPS:
            _put(model, module, nn.Identity())
    for _, module in subject.modules(model, StandardisedConv2d):
        assert isinstance(module, StandardisedConv)
        _put(model, module, _plain(module))
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
            module.bias.zero_()
    return model


def _plain(conv: StandardisedConv) -> nn.Conv2d:
    """The convolution by its weights as they are."""
    pads = {} if conv.same else {"padding": conv.padding}
    sizes = conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride
    kind = SameConv2d if conv.same else nn.Conv2d
    made: nn.Conv2d = bare(kind, *sizes, dilation=conv.dilation, groups=conv.groups, bias=False, **pads)
    made.weight = conv.weight
    return made


def _put(model: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Let another module take the place of one."""
    path = next(name for name, module in model.named_modules() if module is old)
    holder, _, leaf = path.rpartition(".")
    model.get_submodule(holder)._modules[leaf] = new
