"""What the registries do not ask of the ResNets: their stems, their groups, and how timm starts them."""

from __future__ import annotations

import pytest
import torch

import search_spaces
from nas import zoo
from nas.blocks import Bottleneck, ConvStem, DeepStem
from nas.compiler import compile_graph
from nas.lowering import lower, recipe
from nas.zoo.published import figures


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("size", [8, 31, 32, 33, 35, 224, 227])
def test_a_stem_with_pooling_knows_the_size_of_its_map(size, ceil):
    base = search_spaces.load("resnet").reference
    for stem in (ConvStem(channels=8, kernel=7, pool=True, ceil=ceil), DeepStem(channels=8, hidden=4, ceil=ceil)):
        build = recipe(base, (3, size, size))
        assert stem.lower(build, build.input).shape == (8, stem.reduced(size), stem.reduced(size))


def test_resnet_1001_has_the_parameters_that_its_table_lacks_for_want_of_two_norms():
    (row,) = figures("resnet1001", zoo.entry("resnet1001"))
    stem, last = 2 * 64, 2 * 2048  # the norm that pre-activation has no use for, and the one that it needs at the end
    assert zoo.build("resnet1001").params == row.brief_params - stem + last


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"ratio": 0.5, "group_width": 48}, "inner width 128 is no multiple of group_width 48; .* channels 288"),
        ({"ratio": 1.5, "group_width": 4}, "ratio 1.5: above 1 it must be a whole number"),
        ({"ratio": 1.0, "group_width": 4, "reduce": 0.3}, "reduce 0.3 leaves no whole number of a group's channels"),
        ({"block": "basic"}, "block 'basic' is not a row of Bottleneck"),
    ],
)
def test_a_bottleneck_that_cannot_be_is_told_why(columns, message):
    with pytest.raises(ValueError, match=message):
        Bottleneck(**{"channels": 256, **columns})


def test_a_resnext_keeps_its_group_widths_when_its_width_is_halved():
    table = zoo.architecture("resnext50_32x4d")
    halved = [row.model_copy(update={"channels": row.channels // 2}).fitted() for row in table.stages]
    assert [(row.channels, row.group_width) for row in halved] == [(128, 4), (256, 8), (512, 16), (1024, 32)]


@pytest.mark.parametrize(("name", "zeroed"), [("seresnet50", 16), ("resnet50", 0), ("seresnet18", 0)])
def test_only_timm_starts_the_branches_of_a_resnet_at_zero(name, zeroed):
    table = zoo.architecture(name).model_copy(update={"resolution": 64})
    model = compile_graph(lower(table), generator=torch.Generator().manual_seed(0))
    zeros = {name for name, weight in model.named_parameters() if name.endswith("weight") and not weight.any()}
    assert len(zeros) == zeroed
    assert all(name.endswith(".bn3.weight") for name in zeros)
