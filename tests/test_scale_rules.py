"""Each scaling rule gives the papers' figures, stays within its caps, and says when it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas import zoo
from nas.graph import cost
from nas.lowering import lower
from nas.networks import load_network
from nas.rounding import ROUNDINGS, rounding_rule
from scaling import Caps, applied, rule_named, scale
from scaling.report import Scaler
from scaling.rules import ALPHA, BETA, GAMMA

B0, V2_B0 = zoo.architecture("efficientnet_b0"), zoo.architecture("efficientnetv2_b0")

# -- EfficientNet: arXiv:1905.11946 --------------------------------------------------------------------


def test_phi_3_of_b0_is_what_the_formula_gives():
    table = scale(B0, 3)
    total = cost(lower(table))
    assert (table.resolution, total.params, total.macs) == (341, 16_350_296, 3_250_916_456)


def test_the_alpha_beta_gamma_of_the_paper_double_the_macs():
    assert pytest.approx(2, rel=0.05) == ALPHA * BETA**2 * GAMMA**2


@pytest.mark.parametrize("size", ["b1", "b2", "b3", "b4", "b5", "b6", "b7"])
def test_the_multipliers_at_the_phi_that_people_quote(figures, size):
    row = figures[f"efficientnet_{size}"]
    factors = rule_named("efficientnet").at(row["phi_nominal"])
    assert factors.depth == pytest.approx(row["formula_at_phi"]["depth"], abs=0.001)
    assert factors.width == pytest.approx(row["formula_at_phi"]["width"], abs=0.001)
    assert 224 * factors.resolution == pytest.approx(row["formula_at_phi"]["resolution"], abs=0.1)


# -- the other rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize("phi", [-2, 0.5, 1, 4])
@pytest.mark.parametrize(
    ("rule", "exponents"),
    # Of 2^φ, for depth, width, resolution, group width: pycls's d1_w8_g8_r1 (arXiv:2103.06877 §4), and the extremes.
    [
        ("fast:alpha=0.8", (0.1, 0.4, 0.05, 0.4)),
        ("fast:alpha=1", (0, 0.5, 0, 0.5)),
        ("fast:alpha=0", (0.5, 0, 0.25, 0)),
        ("depth", (1, 0, 0, 0)),
        ("width", (0, 0.5, 0, 0)),
        ("resolution", (0, 0, 0.5, 0)),
    ],
)
def test_a_rule_doubles_the_macs_at_each_phi_by_its_share_of_each_axis(rule, exponents, phi):
    used = rule_named(rule).at(phi)
    found = (used.depth, used.width, used.resolution, used.group_width)
    assert found == pytest.approx([2 ** (phi * exponent) for exponent in exponents])
    assert used.depth * used.width**2 * used.resolution**2 == pytest.approx(2**phi)


@pytest.mark.parametrize(
    ("size", "multipliers", "other"),
    # google/automl effnetv2_configs.py: S, M and L are hand-made; widths by rule: released where they differ.
    [
        ("l", "width=2.0,depth=3.1", {}),
        ("m", "width=1.6,depth=2.2", {152: 160}),
        ("s", "width=1.4,depth=1.8", {136: 128, 272: 256}),
    ],
)
def test_the_v2_rule_gives_the_rows_of_s_m_and_l_but_for_three_widths(size, multipliers, other):
    table, released = scale(V2_B0, 9, rule=f"efficientnetv2:{multipliers}"), zoo.architecture(f"efficientnet_v2_{size}")
    pairs = list(zip(table.stages, released.stages, strict=True))
    assert {row.channels: new.channels for row, new in pairs if row != new} == other
    assert all(row.repeats == new.repeats for row, new in pairs)
    assert (table.stem, table.head.channels, table.resolution) == (released.stem, released.head.channels, 480)


def test_the_v2_rule_adds_late_layers_and_a_last_stage_from_a_depth_on():
    def repeats(more):
        return [row.repeats for row in scale(V2_B0, 0, rule=f"efficientnetv2:depth=2.2{more}").stages]

    assert repeats("") == [3, 5, 5, 7, 14, 18, 5]
    assert repeats(",late_layers=0,last_stage=none") == repeats(",late_from=2.3") == [3, 5, 5, 7, 11, 18]


@pytest.mark.parametrize(("phi", "size"), [(0, 224), (1, 258), (5, 451), (6, 480), (20, 480)])
def test_v2_images_are_at_most_480_px(phi, size):
    assert scale(V2_B0, phi, rule="efficientnetv2:depth=1,width=1").resolution == size
    assert scale(zoo.architecture("efficientnet_b7"), phi, rule="efficientnetv2:depth=1,width=1").resolution == 600


# -- caps and divisors ---------------------------------------------------------------------------------


def test_a_capped_axis_stops_and_the_others_go_on():
    free, capped = (applied(B0, 5, caps=caps).factors for caps in (Caps(), Caps(depth=1.5, resolution=300)))
    assert (capped.depth, capped.width, capped.resolution) == (1.5, free.width, 300 / 224)
    assert scale(B0, 5, caps=Caps(resolution=300)).resolution == 300
    assert applied(B0, 5, rule="fast", caps=Caps(width=1.2)).factors.group_width == 1.2


def test_a_cap_does_not_hold_back_a_smaller_network():
    assert scale(B0, -2, caps=Caps(1, 1, 224)) == scale(B0, -2)


@pytest.mark.parametrize("divisor", [1, 4, 16, 64])
@pytest.mark.parametrize("rule", ["efficientnet", "width", "fast"])
def test_all_widths_are_multiples_of_the_divisor(divisor, rule):
    table = Scaler(load_network("b0"), rule_named(rule), divisor=divisor).at(1.7).architecture
    assert {row.channels % divisor for row in (table.stem, table.head, *table.stages)} == {0}


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
