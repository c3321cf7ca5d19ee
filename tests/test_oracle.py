"""Against torchvision and timm themselves: published weights load, outputs and gradients are equal.

Both must be installed (see CONTRIBUTING.md); they are never needed at run time.
"""

from __future__ import annotations

import pytest
import torch
from oracles import import_torchvision, torchvision_here
from torch import nn

from nas import zoo
from nas.compiler import compile_graph
from nas.lowering import lower

pytestmark = pytest.mark.oracle

TABLES = {name: zoo.architecture(name) for name in zoo.names()}
TORCHVISION = [name for name, table in TABLES.items() if table.naming.startswith("torchvision_")]
# Networks that only timm has, at timm's names: with TensorFlow's padding they begin with tf_.
TIMM = {
    name: f"tf_{name}" if table.padding == "same" else name
    for name, table in TABLES.items()
    if table.naming.startswith("timm_") and name != "efficientnet_l2"  # 480 million weights, and B8's code
}


@pytest.fixture(scope="module")
def torchvision():
    if not torchvision_here():
        pytest.skip("torchvision is not installed")
    return import_torchvision()


def randomise(model: nn.Module, seed: int) -> nn.Module:
    """Random weights and statistics: fresh batch norms would make every output vanish."""
    torch.manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
    return model


@pytest.mark.parametrize("size", [64, 75])
@pytest.mark.parametrize("name", TORCHVISION)
def test_outputs_equal_torchvision_to_the_bit(torchvision, name, size):
    theirs = randomise(getattr(torchvision.models, name)(weights=None), 0).eval()
    ours = compile_graph(zoo.build(name), init="none").eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image = torch.randn(2, 3, size, size)
    with torch.no_grad():
        expected = theirs(image)
        assert expected.abs().max() > 1e-3
        assert torch.equal(ours(image), expected)


@pytest.mark.parametrize(
    "name", ["efficientnet_b0", "efficientnet_v2_s", "mobilenet_v2", "resnet18", "resnet50", "regnet_y_400mf"]
)
def test_gradients_equal_torchvision(torchvision, name):
    theirs = randomise(getattr(torchvision.models, name)(weights=None), 0).train()
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
    for (key, theirs_now), ours_now in zip(theirs.state_dict().items(), ours.state_dict().values(), strict=True):
        assert torch.equal(theirs_now, ours_now), key  # the running statistics moved alike


@pytest.mark.parametrize("size", [64, 75])
@pytest.mark.parametrize("name", TIMM)
def test_outputs_equal_timm(torchvision, name, size):
    timm = pytest.importorskip("timm")
    theirs = randomise(timm.create_model(TIMM[name], num_classes=1000), 0).eval()
    ours = compile_graph(zoo.build(name), init="none").eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image = torch.randn(1, 3, size, size)
    with torch.no_grad():
        expected = theirs(image)
        assert expected.abs().max() > 1e-3
        assert torch.equal(ours(image), expected)


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v2", "resnet50", "regnet_y_400mf"])
def test_initial_weights_are_distributed_as_in_torchvision(torchvision, name):
    theirs = getattr(torchvision.models, name)(weights=None).state_dict()
    ours = compile_graph(lower(zoo.architecture(name))).state_dict()
    for key, weight in theirs.items():
        if weight.ndim > 1 and weight.numel() > 20_000:
            assert ours[key].std().item() == pytest.approx(weight.std().item(), rel=0.05), key
