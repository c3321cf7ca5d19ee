"""AZ-NAS (Lee and Ham 2024, arXiv:2403.19232, §3): expressivity, progressivity, trainability and complexity.

Over the maps f_0 … f_n that the stem and the blocks end with, of noise through He-normal weights:
- expressivity (eq. 4): Σ of the entropies of the shares of the eigenvalues of each map's covariance of channels;
- progressivity (eq. 5): the least growth of that entropy from one map to the next;
- trainability (eq. 9): the mean of 2 - σ - 1/σ, σ the largest singular value of E[g_in g_outᵀ] for random signs g_out
  sent back from one map to the one before;
- complexity: the macs.
The paper adds up log(rank / networks) of the four among the networks that it compares.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from nas.errors import EvaluatorError
from nas.graph import cost
from nas.proxies.logs import log
from nas.proxies.subject import Subject, gradients, he_fan_in

EPS = 1e-6  # with the inverse of σ, as in the authors' code
TINY = 1e-8  # with the logarithms of shares, there too


def measure(subject: Subject) -> tuple[float, float, float, float]:
    """(expressivity, progressivity, trainability, log macs)."""
    refs = subject.block_maps()
    if len(refs) < 2:
        raise EvaluatorError("fewer than two blocks: nothing progresses")
    model = subject.module(subject.graph.cut(refs), he_fan_in)
    maps: list[Tensor] = model(subject.images("az"))
    entropies = [entropy(one.detach()) for one in maps]
    growth = min(after - before for before, after in pairwise(entropies))
    macs = log(cost(subject.graph, subject.shape).macs, "no macs")
    return sum(entropies), growth, trainability(subject, maps), macs


def entropy(one: Tensor) -> float:
    """-Σ p log p over the shares p of the eigenvalues of the covariance of the channels of maps (images, C, H, W)."""
    rows = one.transpose(0, 1).flatten(1).T.double()
    rows = rows - rows.mean(0)
    few = rows if rows.shape[1] <= rows.shape[0] else rows.T  # one of the two has the fewer eigenvalues, else alike
    shares = torch.linalg.eigvalsh(few.T @ few).clamp(min=0)
    if not bool(torch.isfinite(shares).all()):
        raise EvaluatorError("a map overflows")
    shares = shares / shares.sum().clamp(min=torch.finfo(torch.float64).tiny)
    return float(-(shares * torch.log(shares + TINY)).sum())


def trainability(subject: Subject, maps: list[Tensor]) -> float:
    """The mean of 2 - σ - 1/σ over the steps from map to map; one that changes nothing is left out."""
    signs, found = subject.generator("az signs"), []
    for before, after in pairwise(maps):
        out = torch.empty(after.shape).bernoulli_(0.5, generator=signs) * 2 - 1
        back = gradients((after * out).sum(), [before], keep=True)[0]
        if out.shape == back.shape and bool((out == back).all()):
            continue
        sigma = largest(folded(back, out.shape), out)
        found.append(2 - sigma - 1 / (sigma + EPS))
    if not found or not all(map(math.isfinite, found)):
        raise EvaluatorError("no block passes a gradient back, or it overflows")
    return sum(found) / len(found)


def folded(back: Tensor, like: torch.Size) -> Tensor:
    """The map with the pixels of a stride as channels, so that it is as large as the one behind."""
    stride = math.ceil(back.shape[2] / like[2]), math.ceil(back.shape[3] / like[3])
    height, width = like[2] * stride[0], like[3] * stride[1]
    back = functional.pad(back, (0, width - back.shape[3], 0, height - back.shape[2]))
    back = back.reshape(*back.shape[:2], like[2], stride[0], like[3], stride[1])
    return back.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)


def largest(back: Tensor, out: Tensor) -> float:
    """The largest singular value of the mean over images and pixels of back · outᵀ (channels, channels)."""
    rows, columns = (one.transpose(0, 1).flatten(1).double() for one in (back, out))
    product = rows @ columns.T / rows.shape[1]
    few = product if product.shape[0] <= product.shape[1] else product.T
    return math.sqrt(max(0.0, float(torch.linalg.eigvalsh(few @ few.T)[-1])))
