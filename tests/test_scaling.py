"""Compound scaling gives the papers' networks, and says when it cannot."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scaling
from nas import zoo
from nas.errors import ScaleError
from nas.graph import cost
from nas.lowering import lower
from nas.multiplying import multiply
from nas.networks import load_network
from nas.rounding import ROUNDINGS, rounding_rule
from scaling.presets import PRESETS, apply, implied_phi
from scaling.report import by_phi, by_preset

B0 = zoo.architecture("efficientnet_b0")


def test_phi_3_of_b0_is_what_the_formula_gives():
    table = scaling.scale(B0, phi=3)
    total = cost(lower(table))
    assert (table.resolution, total.params, total.macs) == (341, 16_350_296, 3_250_916_456)


@pytest.mark.parametrize("size", ["b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "l2"])
def test_a_released_member_has_the_published_widths_and_repeats(figures, size):
    row = figures[f"efficientnet_{size}"]
    table = apply(B0, size)
    assert [stage.channels for stage in table.stages] == row["channels"]["stages"]
    assert [stage.repeats for stage in table.stages] == row["repeats"]
    assert (table.stem.channels, table.head.channels) == (row["channels"]["stem"], row["channels"]["head"])
    assert (table.resolution, table.head.dropout) == (row["resolution"], row["dropout"])


@pytest.mark.parametrize("size", ["b0", "b1", "b2", "b3"])
def test_a_v2_base_member_has_the_published_widths_and_repeats(figures, size):
    row = figures[f"efficientnetv2_{size}"]
    table = apply(zoo.architecture("efficientnetv2_b0"), f"v2-{size}")
    channels = row["scaled_channels_no_0.9_rule"]
    assert [stage.channels for stage in table.stages] == channels["stages"]
    assert (table.stem.channels, table.head.channels) == (channels["stem"], channels["head"])
    assert [stage.repeats for stage in table.stages] == row["scaled_repeats"]


@pytest.mark.parametrize("size", ["b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "l2"])
def test_the_phi_that_a_released_member_implies(figures, size):
    for axis, phi in implied_phi(PRESETS[size]).items():
        assert phi == pytest.approx(figures[f"efficientnet_{size}"]["phi_implied"][axis], abs=0.006)


@pytest.mark.parametrize("size", ["b1", "b2", "b3", "b4", "b5", "b6", "b7"])
def test_the_multipliers_at_the_phi_that_people_quote(figures, size):
    row = figures[f"efficientnet_{size}"]
    factors = scaling.multipliers(row["phi_nominal"])
    assert factors["depth"] == pytest.approx(row["formula_at_phi"]["depth"], abs=0.001)
    assert factors["width"] == pytest.approx(row["formula_at_phi"]["width"], abs=0.001)
    assert 224 * factors["resolution"] == pytest.approx(row["formula_at_phi"]["resolution"], abs=0.1)


def test_the_alpha_beta_gamma_of_the_paper_double_the_macs():
    assert pytest.approx(2, rel=0.05) == scaling.ALPHA * scaling.BETA**2 * scaling.GAMMA**2


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_of_its_base_is_the_released_table(name):
    preset = PRESETS[name]
    assert apply(zoo.architecture(preset.base), name) == zoo.architecture(preset.member)


def test_a_preset_multiplies_any_other_network():
    table = apply(zoo.architecture("mobilenet_v2"), "b3")
    assert table.resolution == 300
    assert [stage.repeats for stage in table.stages] == [2, 3, 5, 6, 5, 5, 2]


def test_the_nearest_published_network_and_its_implied_phi_are_told():
    told = by_phi(load_network("b0"), 3)
    assert told.nearest is not None
    assert told.nearest.name == "efficientnet_b4"
    assert told.nearest.implied_phi == {"depth": 3.22, "width": 3.53, "resolution": 3.78}
    assert by_preset(load_network("b0"), "b3").network.name == "efficientnet_b3"


@given(st.sampled_from(zoo.names()))
@settings(max_examples=25, deadline=None)
def test_phi_0_changes_nothing(name):
    assert scaling.scale(zoo.architecture(name), phi=0) == zoo.architecture(name)


@given(st.floats(-2, 4), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_a_larger_phi_never_costs_less(phi, more):
    small, large = (cost(lower(scaling.scale(B0, p))) for p in (phi, phi + more))
    assert small.macs <= large.macs
    assert small.params <= large.params


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"phi": 1000}, "out of bounds"),
        ({"phi": math.nan}, "out of bounds"),
        ({"phi": 29}, "resolution"),
    ],
)
def test_a_phi_without_a_result_is_refused(arguments, message):
    with pytest.raises(ScaleError, match=message):
        scaling.scale(B0, **arguments)


def test_a_stage_that_vanishes_is_named():
    with pytest.raises(ScaleError, match="no block in stage 1"):
        multiply(B0, depth=0.2, rounding="nearest")
    with pytest.raises(ScaleError, match=r"did you mean 'b3'|known"):
        apply(B0, "b33")


# -- rounding: values of tensorflow/tpu round_filters and google/automl round_filters ------------------


@pytest.mark.parametrize(
    ("rule", "width", "channels"),
    [
        ("efficientnet", 32 * 1.1, 32),
        ("efficientnet", 16 * 1.2, 24),  # 16 would lose more than a tenth of 19.2
        ("efficientnetv2", 16 * 1.2, 16),
        ("efficientnet", 320 * 1.1, 352),
        ("efficientnet", 3, 8),
        ("mobilenetv2", 32 * 0.35, 16),
        ("nearest", 10.4, 10),
    ],
)
def test_a_width_is_rounded_by_the_published_rule(rule, width, channels):
    assert rounding_rule(rule).channels(width) == channels


@pytest.mark.parametrize("rule", ROUNDINGS)
@given(st.floats(1, 5000))
def test_a_rounded_width_is_a_multiple_within_half_a_step_or_a_tenth(rule, width):
    rounding = rounding_rule(rule)
    channels = rounding.channels(width)
    assert channels % rounding.divisor == 0
    assert channels >= rounding.least
    if width >= rounding.least:
        assert abs(channels - width) <= max(rounding.divisor, 0.1 * width)


def test_repeats_are_rounded_up_and_float_noise_is_not_a_block():
    assert rounding_rule("efficientnet").repeats(2.2) == 3
    assert rounding_rule("efficientnet").repeats(1.1 * 10 - 0.0 + 1e-12) == 11
    assert rounding_rule("nearest").repeats(2.5) == 3
