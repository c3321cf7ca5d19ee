"""Convolutions whose filters are standardised before they are used."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from nas.errors import GraphError
from nas.graph.op import Shape, number
from nas.graph.ops.conv import Conv2d


@dataclass(frozen=True, slots=True)
class StandardisedConv2d(Conv2d):
    """Convolution with filters shifted and scaled to mean 0 and variance 1 (Qiao et al. 2019, arXiv:1903.10520).

    With `gain` their variance is 1 / fan-in, times a trainable factor a filter (Brock et al. 2021, arXiv:2101.08692).
    `eps` is added to the variance of the weights.
    """

    kind: ClassVar[str] = "standardised_conv2d"

    eps: float = 1e-6
    gain: bool = False

    def __post_init__(self) -> None:
        Conv2d.__post_init__(self)
        number(self.eps, "eps", 0)
        if self.eps == 0:
            raise GraphError("eps=0: must be above 0")
        if self.fan_in == 1:
            raise GraphError(f"{self.kind}: a filter of one weight has no variance; give it a kernel or more channels")

    @property
    def fan_in(self) -> int:
        """Weights of one filter."""
        return self.in_channels // self.groups * prod(self.kernel)

    @property
    def params(self) -> int:
        return self.out_channels * (self.fan_in + self.bias + self.gain)

    def scratch(self, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> int:
        # The standardised filters, and before the output is there their means, deviations and factors.
        weights, moments = self.out_channels * self.fan_in, self.out_channels * (2 + self.gain)
        return Conv2d.scratch(self, inputs, outputs) + weights + max(0, moments - prod(outputs[0]))
