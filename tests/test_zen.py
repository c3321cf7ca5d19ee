"""Zen-score is its paper's: by hand on networks of a few layers, without residual links."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from test_proxies import BATCH, two_layers

from nas import zoo
from nas.graph import GraphBuilder
from nas.graph.ops import Activation, Add, BatchNorm, Conv2d, Flatten, GlobalAvgPool, Linear, Parameter
from nas.proxies import Setting, measure_of
from nas.proxies.links import without_links
from nas.proxies.measuring import measured
from nas.proxies.subject import Subject, unit_normal


@pytest.mark.parametrize("norm", [False, True])
def test_zen_by_hand(norm):
    subject = Subject(two_layers(norm=norm), Setting(BATCH, 0, 1), 3)
    model = subject.module(subject.graph.cut([subject.last_map()]), unit_normal)
    w1 = model.get_parameter("first.weight").detach().double().numpy().reshape(5, 3)
    noise = subject.generator("zen images")
    x, more = (torch.randn(BATCH, 3, 2, 2, generator=noise).double().numpy() for _ in range(2))

    def last(images):
        z = np.einsum("oi,bihw->bohw", w1, images)
        return np.maximum((z - z.mean((0, 2, 3), keepdims=True)) / z.std((0, 2, 3), keepdims=True) if norm else z, 0)

    expected = math.log(np.abs(last(x) - last(x + 0.01 * more)).sum((1, 2, 3)).mean())
    if norm:
        expected += math.log(np.einsum("oi,bihw->bohw", w1, x).var((0, 2, 3)).mean()) / 2
    assert measure_of("zen")(subject) == pytest.approx(expected, rel=1e-3)


def residual(*, project: bool):
    """A layer and a block x + f(x), f two layers with a ramp between; the link is x or a convolution of it."""
    build = GraphBuilder((3, 2, 2))
    x = build.add(Conv2d(3, 5), build.input, name="first")
    y = build.add(Conv2d(5, 4), x, name="inner")
    y = build.add(Conv2d(4, 5), build.add(Activation("relu"), y, name="act"), name="outer")
    link = build.add(BatchNorm(5), build.add(Conv2d(5, 5), x, name="link"), name="link_norm") if project else x
    x = build.add(Add(), y, link, name="sum")
    x = build.add(Flatten(), build.add(GlobalAvgPool(keepdim=True), x, name="pool"), name="flatten")
    return build.graph([build.add(Linear(5, 2), x, name="second")])


@pytest.mark.parametrize("project", [False, True])
def test_zen_has_no_residual_links_by_hand(project):
    subject = Subject(residual(project=project), Setting(BATCH, 0, 1), 3)
    bare = without_links(subject.graph, [subject.last_map()])
    assert [*bare.nodes][1:] == ["first", "inner", "act", "outer"]
    model = subject.module(bare, unit_normal)
    first, inner, outer = (
        model.get_parameter(f"{name}.weight").detach().double().numpy()[:, :, 0, 0]
        for name in ("first", "inner", "outer")
    )
    noise = subject.generator("zen images")
    x, more = (torch.randn(BATCH, 3, 2, 2, generator=noise).double().numpy() for _ in range(2))

    def last(images):
        mixed = np.einsum("oi,bihw->bohw", inner @ first, images)
        return np.einsum("oi,bihw->bohw", outer, np.maximum(mixed, 0))

    expected = math.log(np.abs(last(x) - last(x + 0.01 * more)).sum((1, 2, 3)).mean())
    assert measure_of("zen")(subject) == pytest.approx(expected, rel=1e-3)


def test_only_residual_sums_lose_a_term():
    def sums(name: str, *, bare: bool) -> int:
        graph = zoo.build(name).cut()
        graph = without_links(graph, graph.outputs) if bare else graph
        return sum(isinstance(node.op, Add) for node in graph.nodes.values())

    assert all(sums(name, bare=True) == 0 for name in ("resnet18", "resnetv2_50", "efficientnet_b0", "convnext_tiny"))
    assert all(sums(name, bare=True) == 0 for name in ("ghostnet_100", "xception", "inception_resnet_v2", "van_b0"))
    # two branches of as many convolutions stay: those of selective kernels, before and behind their gates
    assert (sums("skresnet18", bare=False), sums("skresnet18", bare=True)) == (8 + 16, 16)
    assert (sums("resnest14d", bare=False), sums("resnest14d", bare=True)) == (4 + 8, 8)


def test_layer_scale_is_no_part_of_zen():
    score = measured(zoo.build("convnext_tiny"), Setting(2, 32, 1), 0, ["zen"])["zen"]
    space = without_links(graph := zoo.build("convnext_tiny"), graph.outputs)
    starts = {node.op.value for node in space.nodes.values() if isinstance(node.op, Parameter)}
    assert starts == {1.0}
    assert isinstance(score, tuple)


def test_zen_is_the_mean_of_its_draws():
    graph = zoo.build("efficientnet_b0")
    one, four = (measured(graph, Setting(2, 32, repeats), 0, ["zen"])["zen"][0] for repeats in (1, 4))
    assert one != four
    assert one == pytest.approx(four, rel=0.05)
