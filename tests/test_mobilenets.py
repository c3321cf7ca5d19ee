"""Widths of MobileNets follow the rules of their code, so that a scaled network is the published one of that width."""

from __future__ import annotations

import pytest

from nas import lower, multiply, zoo

# timm 1.0.31: parameters of the models whose names end in the width multiplier.
SCALED = [
    ("mobilenetv1_100", 1.25, "mobilenetv1_125", 6_270_840),
    ("mobilenetv3_large_100", 0.75, "mobilenetv3_large_075", 3_993_528),
    ("mobilenetv3_small_100", 0.75, "mobilenetv3_small_075", 2_041_872),
]


@pytest.mark.parametrize(("name", "width", "theirs", "params"), SCALED)
def test_a_multiplied_mobilenet_has_the_parameters_of_that_width(name, width, theirs, params):
    assert lower(multiply(zoo.architecture(name), width=width)).params == params


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "width", "theirs", "params"), SCALED)
def test_weights_of_that_width_load_and_outputs_are_equal(name, width, theirs, params):
    import torch
    from oracles import import_torchvision, randomise, torchvision_here

    from nas.compiler import compile_graph

    if not torchvision_here():
        pytest.skip("torchvision is not installed")
    import_torchvision()  # timm imports it
    timm = pytest.importorskip("timm")
    oracle = randomise(timm.create_model(theirs), 0).eval()
    ours = compile_graph(lower(multiply(zoo.architecture(name), width=width)), init="none").eval()
    ours.load_state_dict(oracle.state_dict(), strict=True)
    image = torch.randn(1, 3, 64, 64)
    assert torch.equal(ours(image), oracle(image))
