"""Another project takes the graph compiler alone: a backbone with feature taps under its own head.

python examples/consumer/segmenter.py
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nas import Graph, cost, zoo
from nas.compiler import compile_graph
from nas.graph.taps import taps


class Segmenter(nn.Module):
    """A pyramid of 1×1 convolutions over three taps of any graph, summed at the finest."""

    def __init__(self, graph: Graph, classes: int) -> None:
        super().__init__()
        chosen = (1, 2, 3)
        self.backbone = compile_graph(graph, out_indices=chosen)
        self.laterals = nn.ModuleList(nn.Conv2d(taps(graph)[i].channels, classes, 1) for i in chosen)

    def forward(self, images: Tensor) -> Tensor:
        maps = [lateral(m) for lateral, m in zip(self.laterals, self.backbone(images), strict=True)]
        finest = maps[0].shape[-2:]
        return sum((nn.functional.interpolate(m, finest) for m in maps[1:]), maps[0])


def main() -> None:
    torch.manual_seed(0)
    graph = zoo.build("efficientnet_b0", num_classes=0)
    print(f"backbone: {cost(graph).macs:,} macs at {graph.input_shape}")
    model = Segmenter(graph, classes=4).train()
    images, labels = torch.randn(2, 3, 64, 64), torch.randint(4, (2, 16, 16))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(5):
        loss = nn.functional.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    print(f"loss: {losses[0]:.3f} -> {losses[-1]:.3f}")
    assert losses[-1] < losses[0]


if __name__ == "__main__":
    main()
