"""RegNet: the rule that generates it, rows whose groups fit, scaling as pycls does it, and names with a hyphen."""

from __future__ import annotations

import pytest
import torch

from nas import zoo
from nas.blocks import stage
from nas.compiler import compile_graph
from nas.errors import ArchitectureError, ScaleError
from nas.lowering import lower
from nas.multiplying import multiply
from nas.zoo.regnet import generate

REGNETS = [name for name in zoo.names() if zoo.entry(name).family.startswith("regnet")]
ROW = {"block": "regnet", "channels": 48, "group_width": 16}


def columns(stages):
    return [(row.repeats, row.channels, row.group_width) for row in stages]


def test_the_rule_generates_the_stages_that_the_paper_prints():
    # arXiv:2003.13678, top RegNetX models, 400MF and 8.0GF: depths, widths, group width.
    assert columns(generate(24, 24.48, 2.54, 22, 16)) == [(1, 32, 16), (2, 64, 16), (7, 160, 16), (12, 384, 16)]
    depths_and_widths = [row[:2] for row in columns(generate(80, 49.56, 2.88, 23, 120))]
    assert depths_and_widths == [(2, 80), (5, 240), (15, 720), (1, 1920)]


def test_torchvision_fits_widths_to_groups_by_another_rule():
    last = generate(24, 24.48, 2.54, 22, 16, fit="torchvision")[-1]
    assert last.channels == 400


@pytest.mark.parametrize(
    "numbers", [(20, 36, 2.5, 13), (24, -1, 2.5, 13), (24, 36, 1, 13), (24, 36, 2.5, 0), (24, float("nan"), 2.5, 13)]
)
def test_numbers_that_generate_no_network_are_told(numbers):
    with pytest.raises(ArchitectureError, match="generate no RegNet; w_0 is a positive multiple of 8"):
        generate(*numbers, group_width=8)


def test_a_row_whose_groups_do_not_fit_is_refused_with_one_that_does():
    with pytest.raises(ValueError, match="48 is no multiple of group_width 40; what fits: channels 40, group_width 40"):
        stage({**ROW, "group_width": 40})
    with pytest.raises(ValueError, match="whole number"):
        stage({**ROW, "bottleneck": 1.5})


@pytest.mark.parametrize(
    ("factors", "rows"),
    # What pycls's scaler.py gives for RegNetY-4.0GF; the second is fast compound scaling, d1_w8_g8_r1, × 4.
    [
        ({"width": 1.3}, [(2, 192, 64), (6, 256, 64), (12, 640, 64), (2, 1408, 64)]),
        (
            {"depth": 4**0.1, "width": 4**0.4, "group_width": 4**0.4},
            [(2, 224, 112), (7, 336, 112), (14, 896, 112), (2, 1904, 112)],
        ),
        ({"group_width": 0.05}, [(2, 128, 4), (6, 192, 4), (12, 512, 4), (2, 1088, 4)]),
    ],
)
def test_widths_and_groups_scale_as_in_pycls(factors, rows):
    assert columns(multiply(zoo.architecture("regnety_040"), **factors).stages) == rows


@pytest.mark.parametrize("bottleneck", [0.25, 0.3, 1, 2])
def test_a_scaled_row_fits_its_groups(bottleneck):
    base = zoo.architecture("regnet_y_400mf")
    rows = [stage({**ROW, "channels": 160, "group_width": 8, "stride": 2, "bottleneck": bottleneck})]
    base = base.model_copy(update={"stages": tuple(rows)})
    for percent in range(10, 300, 7):
        lower(multiply(base, width=percent / 100, group_width=2 - percent / 300))


@pytest.mark.parametrize("name", REGNETS)
def test_multipliers_of_1_change_nothing(name):
    assert multiply(zoo.architecture(name), width=1.0, group_width=1.0) == zoo.architecture(name)


def test_a_group_width_multiplier_changes_only_rows_with_groups():
    assert multiply(zoo.architecture("resnet50"), group_width=2.0) == zoo.architecture("resnet50")
    with pytest.raises(ScaleError, match="group width multiplier 0 is out of bounds"):
        multiply(zoo.architecture("resnet50"), group_width=0)


def test_a_hyphen_in_a_name_is_kept_and_its_container_is_fetched_once():
    table = zoo.architecture("regnet_x_400mf").model_copy(update={"resolution": 64})
    model = compile_graph(lower(table, 10)).eval()
    assert "trunk_output.block1.block1-0.f.a.0.weight" in model.state_dict()
    assert "getattr" not in model.code
    assert model.code.count('["block1-0"]._modules') == 1
    image = torch.randn(2, 3, 64, 64)
    assert torch.equal(torch.export.export(model, (image,)).module()(image), model(image))
