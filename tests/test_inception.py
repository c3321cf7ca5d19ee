"""Inception networks: auxiliary classifiers, the paper's 5×5 convolutions, and what no registry-driven test covers."""

from __future__ import annotations

import pytest
import torch
from meters import measured_peak_bytes
from oracles import oracle_model, randomise, torchvision_here
from torch import nn

from nas import zoo
from nas.compiler import compile_graph
from nas.errors import ScaleError
from nas.graph import Graph, cost
from nas.graph.ops import BatchNorm
from nas.graph.taps import taps
from nas.zoo.published import rows
from scaling.graphs import scale_graph

AUXILIARY = [
    ("googlenet_aux", "googlenet"),
    ("googlenet_5x5_aux", "googlenet_5x5"),
    ("inception_v3_aux", "inception_v3"),
]


def normed(graph: Graph) -> int:
    """Channels of all batch norms."""
    return sum(node.op.channels for node in graph.nodes.values() if isinstance(node.op, BatchNorm))


@pytest.mark.parametrize(("name", "plain"), AUXILIARY)
def test_without_its_auxiliary_classifiers_a_network_is_the_plain_one(name, plain):
    assert zoo.build(name).cut().digest() == zoo.build(plain).digest()
    assert taps(zoo.build(name)) == taps(zoo.build(plain))
    assert zoo.build(name, num_classes=0).digest() == zoo.build(plain, num_classes=0).digest()


def test_5x5_convolutions_cost_googlenet_what_the_published_note_says():
    note = next(row.cause for row in rows() if row.title == "Inception-v1 (GoogLeNet)")
    assert "true 5x5 adds 380,928" in note
    for suffix in ("", "_aux"):
        five, three = (zoo.build(f"googlenet{kernel}{suffix}").params for kernel in ("_5x5", ""))
        assert five == three + 380_928
    graph = zoo.build("googlenet_5x5_aux")
    assert graph.params + normed(graph) == 13_393_352  # the brief's source has a bias beside each norm too


def test_inception_resnet_v1_has_the_parameters_of_the_briefs_source_but_for_biases_beside_norms():
    note = next(row.cause for row in rows() if row.title == "Inception-ResNet-v1")
    assert "2.2.0 gives 22,769,848" in note
    graph = zoo.build("inception_resnet_v1")
    assert graph.params + normed(graph) == 22_769_848


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("googlenet", (64, 192, 480, 832, 1024)),  # arXiv:1409.4842, Table 1
        ("inception_v3", (64, 192, 288, 768, 2048)),  # timm inception_v3.py, feature_info
        ("inception_resnet_v1", (64, 192, 256, 896, 1792)),  # arXiv:1602.07261, figures 14 and 15
    ],
)
def test_feature_taps_end_the_stages_of_the_paper(name, channels):
    assert [(tap.reduction, tap.channels) for tap in taps(zoo.build(name))] == list(
        zip((2, 4, 8, 16, 32), channels, strict=True)
    )


@pytest.mark.parametrize(
    ("name", "size"),
    [("googlenet_aux", 75), ("inception_v3_aux", 299), ("inception_v4", 97), ("inception_resnet_v1", 97)],
)
def test_peak_memory_is_what_the_module_holds(name, size):
    graph, shape = zoo.build(name), (3, size, size)
    assert cost(graph, shape).peak_memory_bytes == measured_peak_bytes(compile_graph(graph, init="none"), shape)


@pytest.mark.parametrize("name", [*zoo.names("inception"), *zoo.names("inception_resnet")])
def test_widths_scale_on_the_graph_and_classes_stay(name):
    graph = zoo.build(name)
    wide = scale_graph(graph, width=1.5)
    assert wide.lint() == []
    assert 1.9 < wide.params / graph.params < 2.4
    assert wide.shapes()[wide.outputs[0][0]] == ((1000,),)


def test_equal_modules_scale_in_number_and_unequal_ones_are_told():
    deep = scale_graph(zoo.build("inception_v4"), depth=2)
    assert [node.split(".")[1] for node in deep.nodes if node.endswith("concat")][-1] == "35"  # 8 + 14 modules more
    assert scale_graph(zoo.build("inception_resnet_v2"), depth=0.5).lint() == []
    with pytest.raises(ScaleError, match="stage2"):
        scale_graph(zoo.build("googlenet"), depth=2)


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "images", "size"), [("googlenet_aux", 4, 96), ("inception_v3_aux", 2, 299)])
def test_in_training_all_outputs_and_gradients_equal_torchvisions(name, images, size):
    if not torchvision_here():
        pytest.skip("torchvision is not installed")
    theirs = randomise(oracle_model(name), 0).train().double()
    ours = compile_graph(zoo.build(name), init="none").train().double()
    for module in (*theirs.modules(), *ours.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    ours.load_state_dict(theirs.state_dict(), strict=True)
    image, label = torch.randn(images, 3, size, size, dtype=torch.float64), torch.arange(images)
    expected, found = theirs(image), ours(image)
    assert len(expected) == len(found) == len(zoo.build(name).outputs)
    for made, wanted in zip(found, expected, strict=True):
        assert ((made - wanted).abs().max() / wanted.abs().max()).item() <= 1e-10
    for outputs in (expected, found):
        sum(nn.functional.cross_entropy(output, label) for output in outputs).backward()
    gradients, now = dict(ours.named_parameters()), ours.state_dict()
    for key, weight in theirs.named_parameters():
        scale = weight.grad.abs().max().clamp_min(1e-12)
        assert ((gradients[key].grad - weight.grad).abs().max() / scale).item() <= 1e-6, key
    assert all(torch.allclose(tensor, now[key]) for key, tensor in theirs.state_dict().items())


@pytest.mark.oracle
def test_weights_of_inception_v3_start_as_in_torchvision():
    if not torchvision_here():
        pytest.skip("torchvision is not installed")
    theirs, ours = (
        oracle_model("inception_v3_aux").state_dict(),
        compile_graph(zoo.build("inception_v3_aux")).state_dict(),
    )
    for key, weight in theirs.items():
        if weight.ndim > 1 and weight.numel() > 20_000:
            assert ours[key].std().item() == pytest.approx(weight.std().item(), rel=0.05), key
    assert ours["AuxLogits.fc.weight"].std() < 0.002
