"""A network under measurement: what the zero-cost scores share of weights, images, gradients and codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import prod, sqrt
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor, fx, nn

from nas.compiler import compile_graph, module_paths
from nas.errors import EvaluatorError
from nas.graph import Graph, Op
from nas.graph.node import Ref
from nas.graph.ops import Activation, Conv2d, Linear, Parameter
from nas.graph.storage import BYTES
from nas.modules import DropPath
from nas.proxies.proxy import Setting

MOST_BYTES = 8 * 2**30  # of activations and their gradients, before any is allocated
RAMPS = ("gelu", "hardswish", "relu", "relu6", "silu")  # off below 0 and on above; the others are gates

Fill = Callable[[Tensor, Generator], object]


def unit_normal(weight: Tensor, generator: Generator) -> object:
    """Normal with variance 1 (Lin et al. 2021, arXiv:2102.01063, Algorithm 1)."""
    return weight.normal_(generator=generator)


def he_fan_in(weight: Tensor, generator: Generator) -> object:
    """Normal with variance 2 / inputs of one output (He et al. 2015)."""
    return weight.normal_(0, sqrt(2 / weight[0].numel()), generator=generator)


class Subject:
    """One network at one setting and seed. What several scores need is made once and kept.

    Every draw has a generator of its own, from the seed and the purpose, so a score is the same alone and among others.
    Auxiliary classifiers are cut off; dropout and stochastic depth are off, all else is in training mode. Raises
    GraphError for images that do not fit the network, EvaluatorError for more memory than 8 GiB.
    """

    def __init__(self, graph: Graph, setting: Setting, seed: int = 0) -> None:
        self.graph, self.setting, self.seed = graph.cut(), setting, seed
        channels, *own = graph.input_shape
        self.shape = (channels, *([setting.resolution] * 2 if setting.resolution else own))
        self.shapes = self.graph.shapes(self.shape)
        elements = sum(prod(shape) for made in self.shapes.values() for shape in made)
        needed = BYTES * (2 * setting.batch * elements + 3 * self.graph.params)
        if needed > MOST_BYTES:
            raise EvaluatorError(
                f"{setting.batch} images of {self.shape[1]}×{self.shape[2]} need {needed / 2**30:.0f} GiB, of "
                f"{MOST_BYTES / 2**30:.0f}; give a smaller batch or resolution"
            )

    def generator(self, purpose: str) -> Generator:
        """The draws of that purpose."""
        state = np.random.SeedSequence([self.seed, crc32(purpose.encode())]).generate_state(1, np.uint64)
        return torch.Generator().manual_seed(int(state[0] >> 1))

    def images(self, purpose: str) -> Tensor:
        """A batch of standard normal noise."""
        return torch.randn((self.setting.batch, *self.shape), generator=self.generator(f"images {purpose}"))

    def module(self, graph: Graph | None = None, fill: Fill | None = None) -> fx.GraphModule:
        """The graph (or another, cut from it) in training mode, with the family's weights or those of `fill`."""
        graph, generator = graph or self.graph, self.generator("weights")
        if fill is None:
            model = compile_graph(graph, generator=generator)
        else:
            model = compile_graph(graph, init="none")
            refill(model, fill, generator)
        for part in model.train().modules():
            if isinstance(part, (nn.Dropout, DropPath)):
                part.eval()
        return model

    def modules(self, model: fx.GraphModule, *kinds: type[Op]) -> list[tuple[Op, nn.Module]]:
        """The ops of these kinds and the modules of `model` that run them, in running order."""
        paths = module_paths(self.graph.nodes)
        kept = dict(model.named_modules())
        nodes = [(node.op, paths[name]) for name, node in self.graph.nodes.items() if isinstance(node.op, kinds)]
        return [(op, kept[path]) for op, path in nodes if path in kept]

    def weights(self, model: fx.GraphModule) -> list[Tensor]:
        """The weights of its convolutions and linear layers."""
        found: list[Tensor] = [layer.get_parameter("weight") for _, layer in self.modules(model, Conv2d, Linear)]
        if not found:
            raise EvaluatorError("no convolution or linear layer: nothing of it can be trained")
        return found

    @cached_property
    def model(self) -> fx.GraphModule:
        """The network with its family's weights."""
        return self.module()

    @cached_property
    def forward(self) -> tuple[Tensor, Tensor, NDArray[np.float64]]:
        """The first batch's images, its outputs, and the kernel of its codes (images, images).

        Two images agree in a unit where it is on in both or off in both, and the kernel counts in how many they do; a
        unit is an element in front of an activation that is a ramp.
        """
        kernel = torch.zeros(self.setting.batch, self.setting.batch, dtype=torch.float64)

        def count(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            on = (inputs[0].detach().flatten(1) > 0).float()
            both, each = (on @ on.T).double(), on.sum(1).double()
            kernel.add_(2 * both + on.shape[1] - each - each[:, None])

        ramps = [layer for op, layer in self.modules(self.model, Activation) if getattr(op, "function", "") in RAMPS]
        hooks = [layer.register_forward_pre_hook(count) for layer in ramps]
        images = self.images("0").requires_grad_()
        outputs = self.model(images).flatten(1)
        for hook in hooks:
            hook.remove()
        return images, outputs, kernel.numpy()

    def gradients(self, batch: int = 0) -> list[Tensor]:
        """∂(cross-entropy with random labels)/∂weight of each of `weights(model)`, for that batch."""
        if batch not in self._gradients:
            outputs = self.forward[1] if batch == 0 else self.model(self.images(str(batch))).flatten(1)
            labels = torch.randint(outputs.shape[1], outputs.shape[:1], generator=self.generator(f"labels {batch}"))
            loss = nn.functional.cross_entropy(outputs, labels)
            self._gradients[batch] = gradients(loss, self.weights(self.model), keep=batch == 0)
        return self._gradients[batch]

    @cached_property
    def _gradients(self) -> dict[int, list[Tensor]]:
        return {}

    def last_map(self) -> Ref:
        """The map that the head pools or flattens; raises EvaluatorError where there is none."""
        name, found = self.graph.outputs[0], None
        while self.graph.nodes[name[0]].inputs:
            kind, before = self.graph.nodes[name[0]].op.kind, self.graph.nodes[name[0]].inputs[0]
            if kind in ("global_avg_pool", "adaptive_avg_pool2d", "flatten") and self._is_map(before):
                found = before
                if kind != "flatten":
                    return before
            name = before
        if found is None:
            raise EvaluatorError("no map that is pooled or flattened for the head")
        return found

    def block_maps(self) -> list[Ref]:
        """The maps that the stem and every block end with; without blocks those behind each ramp."""
        ends: dict[tuple[str, int | None], Ref] = {}
        for name, node in self.graph.nodes.items():
            if (node.block is not None or node.stage == "stem") and self._is_map((name, 0)):
                ends[node.stage, node.block] = (name, 0)
        if len(ends) > 1:
            return list(ends.values())
        ramps = [n for n, node in self.graph.nodes.items() if getattr(node.op, "function", "") in RAMPS]
        return [(name, 0) for name in ramps if self._is_map((name, 0))]

    def _is_map(self, ref: Ref) -> bool:
        kind = self.graph.nodes[ref[0]].op
        return len(self.shapes[ref[0]][ref[1]]) == 3 and not isinstance(kind, Parameter)


def gradients(loss: Tensor, of: Sequence[Tensor], *, keep: bool = False) -> list[Tensor]:
    """∂loss/∂each tensor, 0 where the loss does not depend on it; `keep` the tape for another."""
    found = torch.autograd.grad(loss, of, retain_graph=keep, allow_unused=True)
    return [torch.zeros_like(tensor) if one is None else one for tensor, one in zip(of, found, strict=True)]


@torch.no_grad()
def refill(model: nn.Module, fill: Fill, generator: Generator) -> None:
    """New weights for every convolution and linear layer; biases 0."""
    for part in model.modules():
        if isinstance(part, (nn.Conv2d, nn.Linear)):
            fill(part.weight, generator)
            if part.bias is not None:
                part.bias.zero_()
