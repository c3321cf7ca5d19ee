"""Zen-score (Lin et al. 2021, arXiv:2102.01063, Algorithm 1): log E|f(x) - f(x + αε)| + Σ log σ over the norms.

f ends before the pooling of the head and has no residual links (Algorithm 1 removes them, the authors' code by
`no_reslink`); its weights are normal with variance 1, x and ε are noise. σ² is a norm's mean variance in the batch,
what it divides by; so the norms keep the numbers small and the score is that of the network without them. The
difference is measured in L1, summed over the map, as in the authors' code (the paper's is Frobenius).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nas.graph.ops import BatchNorm, GroupNorm, LayerNorm
from nas.proxies.links import without_links
from nas.proxies.logs import log
from nas.proxies.subject import Subject, refill, unit_normal

ALPHA = 0.01  # arXiv:2102.01063, Algorithm 1


@torch.no_grad()
def measure(subject: Subject) -> float:
    """The mean over `repeats` draws of weights and images."""
    graph = without_links(subject.graph, [subject.last_map()])
    model = subject.module(graph, unit_normal)
    norms = [module for _, module in subject.modules(model, BatchNorm, GroupNorm, LayerNorm)]
    if not norms:
        model.double()  # 10 layers of a thousand inputs multiply by 10^15
    weights, noise = subject.generator("zen weights"), subject.generator("zen images")
    found = []
    for draw in range(subject.setting.repeats):
        if draw:
            refill(model, unit_normal, weights)
        x, more = (torch.randn((subject.setting.batch, *subject.shape), generator=noise) for _ in range(2))
        x, more = (x, more) if norms else (x.double(), more.double())
        still, divided = watched(model, norms, x)
        moved = (still - model(x + ALPHA * more)).abs().double().flatten(1).sum(1).mean()
        found.append(log(float(moved), "the map does not change with the image") + divided)
    return sum(found) / len(found)


def watched(model: nn.Module, norms: list[nn.Module], x: Tensor) -> tuple[Tensor, float]:
    """The map of x, and the sum over the norms of the logarithms of what they divide by."""
    deviations: list[float] = []

    def note(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        deviations.append(deviation(norm, inputs[0]))

    hooks = [norm.register_forward_pre_hook(note) for norm in norms]
    made: Tensor = model(x)
    for hook in hooks:
        hook.remove()
    return made, sum(deviations)


def deviation(norm: nn.Module, x: Tensor) -> float:
    """log of the root of the mean of the variances that the norm divides by."""
    axes = [-1]
    if isinstance(norm, nn.GroupNorm):
        x = x.reshape(len(x), norm.num_groups, -1)
    elif not isinstance(norm, nn.LayerNorm):
        axes = [axis for axis in range(x.ndim) if axis != 1]
    variances = (x - x.mean(axes, keepdim=True)).square().mean(axes)  # torch's var takes 6 times as long
    return log(float(variances.double().mean()), "a norm has nothing to divide by") / 2
