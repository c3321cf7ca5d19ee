"""Against torchvision and timm themselves: published weights load, outputs and gradients are equal.

Both must be installed (see CONTRIBUTING.md); they are never needed at run time.
"""

from __future__ import annotations

import pytest
import torch
from oracles import import_torchvision, oracle_model, randomise, torchvision_here
from representatives import REPRESENTATIVES
from torch import nn

from nas import zoo
from nas.compiler import compile_graph
from nas.errors import GraphError
from nas.graph import Graph

pytestmark = pytest.mark.oracle

WITH_ORACLE = [name for name in zoo.names() if zoo.entry(name).model(name)[0] in ("torchvision", "timm", "code")]
TOO_LARGE = {"efficientnet_l2"}  # at its canonical 800 pixels
DOUBLE = 2 * 10**8  # parameters up to which float64 is tried where float32 is not equal to the bit


@pytest.fixture(scope="module", autouse=True)
def torchvision():
    if not torchvision_here():
        pytest.skip("torchvision is not installed")
    return import_torchvision()


def difference(ours: nn.Module, theirs: nn.Module, image: torch.Tensor) -> float:
    """The largest difference of two outputs, in units of the largest output."""
    with torch.no_grad():
        expected = theirs(image)
        assert expected.abs().max() > 1e-3
        assert expected.std() > 1e-6
        found = ours(image)
        found = found if isinstance(found, torch.Tensor) else found[0]  # those of auxiliary classifiers follow
        return ((found - expected).abs().max() / expected.abs().max()).item()


def fits(graph: Graph, size: int) -> bool:
    """Whether an image of so many pixels leaves every window in its map."""
    try:
        graph.shapes((3, size, size))
    except GraphError:
        return False
    return True


@pytest.mark.parametrize("name", WITH_ORACLE)
def test_weights_load_and_outputs_are_equal(name):
    graph = zoo.build(name)
    theirs = randomise(oracle_model(name), 0).eval()
    ours = compile_graph(graph, init="none").eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    canonical = 96 if name in TOO_LARGE else min(graph.input_shape[1], 512)
    odd = 75 if fits(graph, 75) else canonical + 2
    equal = True
    for images, size in ((1, canonical), (2, odd)):
        found = difference(ours, theirs, torch.randn(images, 3, size, size))
        assert found <= 1e-5
        equal = equal and found == 0
    if not equal and graph.params < DOUBLE:
        image = torch.randn(1, 3, odd, odd, dtype=torch.float64)
        assert difference(ours.double(), theirs.double(), image) <= 1e-10


@pytest.mark.parametrize(
    "name",
    [
        "efficientnet_b0",
        "convnext_tiny",
        "efficientnet_v2_s",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "mnasnet0_5",
        "resnet18",
        "resnet50",
        "regnet_y_400mf",
        "resnetv2_50x1_bit",
        "dm_nfnet_f0",
    ],
)
def test_gradients_equal_those_of_the_oracle(torchvision, name):
    theirs = randomise(oracle_model(name), 0).train()
    for module in theirs.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, torchvision.ops.StochasticDepth):
            module.p = 0.0
    ours = compile_graph(zoo.build(name, drop_rate=0.0, drop_path_rate=0.0), init="none").train()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image, label = torch.randn(4, 3, 64, 64), torch.tensor([1, 2, 3, 4])
    for model in (theirs, ours):
        nn.functional.cross_entropy(model(image), label).backward()
    gradients = dict(ours.named_parameters())
    for key, weight in theirs.named_parameters():
        assert weight.grad is not None
        scale = weight.grad.abs().max().clamp_min(1e-12)
        assert ((gradients[key].grad - weight.grad).abs().max() / scale).item() <= 1e-6, key
    now = ours.state_dict()
    for key, theirs_now in theirs.state_dict().items():
        assert torch.equal(theirs_now, now[key]), key  # the running statistics moved alike


@pytest.mark.parametrize("name", [name for name in WITH_ORACLE if name in REPRESENTATIVES])
def test_initial_weights_are_distributed_as_in_their_library(name):
    theirs = oracle_model(name).state_dict()
    ours = compile_graph(zoo.build(name)).state_dict()
    for key, weight in theirs.items():
        if key.endswith(("weight", "bias")):
            assert ours[key].any() == weight.any(), key
        if weight.ndim > 1 and weight.numel() > 20_000:
            assert ours[key].std().item() == pytest.approx(weight.std().item(), rel=0.05), key


@pytest.mark.parametrize("name", [n for n in WITH_ORACLE if zoo.entry(n).model(n)[0] == "timm"])
def test_feature_taps_are_those_that_timm_offers(name):
    from nas.graph.taps import taps

    timm = pytest.importorskip("timm")
    try:
        offered = timm.create_model(zoo.entry(name).model(name)[1], features_only=True).feature_info
    except (RuntimeError, NotImplementedError, AttributeError, TypeError):
        pytest.skip("timm offers no taps of this model")
    theirs = dict(zip(offered.reduction(), offered.channels(), strict=True))
    ours = {tap.reduction: tap.channels for tap in taps(zoo.build(name))}
    assert {r: c for r, c in theirs.items() if 2 <= r <= 32} == {r: c for r, c in ours.items() if r in theirs}
