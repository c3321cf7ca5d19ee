"""The weights that exporters are tried on: a mistake in any layer shows in the outputs, and rounding does not."""

from __future__ import annotations

import pytest
import torch
from representatives import DEEP, REPRESENTATIVES
from torch import nn

from nas import zoo
from nas.compiler import compile_graph
from nas.export import EXPORTERS
from nas.export.comparing import compare, images, module_run, outputs, randomise
from nas.graph import cost

DEAREST = 1e9  # macs, by default

NETWORKS = [
    pytest.param(name, marks=pytest.mark.slow if cost(zoo.build(name)).macs > DEAREST else ())
    for name in sorted(REPRESENTATIVES | DEEP)
]


def random_module(graph, seed=0):
    module = compile_graph(graph).eval()
    randomise(module, graph, seed)
    return module


@pytest.mark.parametrize("name", NETWORKS)
@torch.no_grad()
def test_under_random_weights_outputs_follow_the_image_and_float32_carries_them(name):
    graph = zoo.build(name)
    module, x = random_module(graph), images(graph, 1, 0)
    moved = outputs(module(torch.randn(x.shape, generator=torch.Generator().manual_seed(9))))
    found = outputs(module(x.clone()))
    exact = outputs(module.double()(x.double()))
    for one, other, true in zip(found, moved, exact, strict=True):
        size = true.abs().max()
        assert (one - true).abs().max() < 3e-5 * size  # exporters may be 1e-4 off
        assert (one - other).abs().max() > 1e-3 * size


def mirror(module):
    first = next(one for one in module.modules() if isinstance(one, nn.Conv2d))
    first.weight.copy_(first.weight.flip(-1))


def change_eps(module):
    next(one for one in module.modules() if isinstance(one, nn.BatchNorm2d)).eps = 0.1


@pytest.mark.parametrize("mistake", [mirror, change_eps])
@pytest.mark.parametrize("name", ["efficientnet_b0", "squeezenet1_0", "resnet18", "convnextv2_atto"])
@torch.no_grad()
def test_a_mistake_in_the_first_layer_is_larger_than_what_exporters_may_be_off(name, mistake):
    graph = zoo.build(name)
    if mistake is change_eps and not any(node.op.kind == "batch_norm" for node in graph.nodes.values()):
        pytest.skip("it has no batch norm")
    wrong = random_module(graph)
    mistake(wrong)
    found = compare(random_module(graph), module_run(wrong), graph, 0)
    assert all(one.relative > 5 * EXPORTERS["onnx"].tolerance for one in found)
