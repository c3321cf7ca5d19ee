"""Scaling a network and scaling its graph are one: the square commutes, or the error names the stage."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import search_spaces
from nas import zoo
from nas.errors import ScaleError
from nas.graph import cost
from nas.graph.ops import StochasticDepth
from nas.lowering import lower
from nas.multiplying import multiply
from nas.rounding import rounding_rule
from nas.space import SearchSpace
from scaling import PRESETS, RULES, apply, implied_phi, scale, scale_graph


def shortcuts(table):
    """Which stages' first blocks add their own input."""
    before = [table.stem.channels, *(row.channels for row in table.stages)]
    rows = zip(table.stages, before, strict=False)
    without = {"conv", "projection", "separable", "dense"}
    return [row.block not in without and row.stride == 1 and row.channels == wide for row, wide in rows]


def unfit(table, scaled, width):
    """The stages of which a graph does not show how they scale."""
    channels = rounding_rule(table.rounding).channels if width != 1 else int
    rows = zip(table.stages, scaled.stages, shortcuts(table), shortcuts(scaled), strict=True)
    return {
        f"stage{number}"
        for number, (row, new, had, has) in enumerate(rows, start=1)
        if row.repeats == 1 != new.repeats  # one block does not show what a further one is like
        or had != has
        or new.channels != channels(row.channels * width)  # RegNet: the width had to fit its groups
    }


def exact(graph):
    """Nodes with their names, wires, places, marks and rates, but for float noise in the rates."""
    return [
        replace(node, op=replace(node.op, rate=round(node.op.rate, 9))) if type(node.op) is StochasticDepth else node
        for node in graph.nodes.values()
    ]


def outcome(table, depth, width, resolution):
    """Whether a network's graph scales ("equal", as the network does) or has to refuse; anything else fails."""
    factors, graph = {"depth": depth, "width": width, "resolution": resolution}, lower(table)
    try:
        scaled = multiply(table, **factors)
    except ScaleError:
        with pytest.raises(ScaleError, match=r"leaves no block in stage\d|stage\d+ has one block"):
            scale_graph(graph, **factors, rounding=table.rounding)
        return "vanished"
    if stages := unfit(table, scaled, width):
        with pytest.raises(ScaleError, match="scale the Architecture") as error:
            scale_graph(graph, **factors, rounding=table.rounding)
        assert stages & set(re.findall(r"stage\d+", str(error.value)))
        return "refused"
    try:
        found, wanted = scale_graph(graph, **factors, rounding=table.rounding), lower(scaled)
    except ScaleError as error:
        return "refused" if re.search(r"(stage\d+|stem|head).*scale the Architecture", str(error)) else str(error)
    assert found.digest() == wanted.digest()
    assert exact(found) == exact(wanted)
    assert (found.outputs, found.init) == (wanted.outputs, wanted.init)
    return "equal"


def draws(n, names, rng):
    """`n` networks of each space and the named ones of the zoo, each with some rule's multipliers at a φ in [-2, 4]."""
    spaces = [search_spaces.load(name) for name in search_spaces.names()]
    tables = [space for space in spaces if isinstance(space, SearchSpace)]  # cells are scaled as bare graphs
    sampled = [space.decode(genome) for space in tables for genome in space.sample(n, rng=rng)]
    for table in [*sampled, *(zoo.architecture(name) for name in names)]:
        used = RULES[rng.choice(list(RULES))]().at(rng.uniform(-2, 4))
        yield table, used.depth, used.width, used.resolution


@pytest.mark.parametrize(
    ("n", "seed"), [(8, 0), *(pytest.param(40, seed, marks=pytest.mark.slow) for seed in range(1, 5))]
)
def test_a_scaled_graph_is_that_of_the_scaled_network_or_the_stage_is_named(n, seed, representatives):
    names = [name for name in zoo.tables() if seed or name in representatives]
    happened = Counter(outcome(*draw) for draw in draws(n, names, np.random.default_rng(seed)))
    assert set(happened) <= {"equal", "refused", "vanished"}
    assert happened["equal"] > happened.total() / 3, happened
    assert happened["refused"] > happened.total() / 6, happened


@pytest.mark.parametrize("name", [name for name in zoo.tables() if "regnet" in name or "resnext" in name])
def test_a_grouped_network_twice_as_wide_has_twice_the_groups_or_is_refused(name):
    assert outcome(zoo.architecture(name), 1, 2, 1) in ("equal", "refused")


@pytest.mark.parametrize(
    ("name", "factors", "happens"),
    [
        ("mobilenet_v2", (0.5, 1, 1), "equal"),  # what is counted behind a stage is counted anew
        ("efficientnet_b0", (1, 0.15, 1), "refused"),  # 80 and 112 channels become 16: stage5 gains a shortcut
        ("vgg13", (2, 1, 1), "equal"),  # every layer is counted, the poolings between stages too
        ("resnet50", (0.1, 1, 1), "vanished"),
    ],
)
def test_what_becomes_of(name, factors, happens):
    assert outcome(zoo.architecture(name), *factors) == happens


def test_copies_of_a_block_take_the_names_that_later_blocks_had():
    table = zoo.architecture("mobilenet_v2")
    assert outcome(table.model_copy(update={"stages": table.stages[1:6]}), 2, 1, 1) == "equal"


BASES = {"regnet": "regnet_y_400mf", "efficientnetv2": "efficientnetv2_b0"}  # others: any network, here B0


@pytest.mark.parametrize("rule", RULES)
def test_phi_0_changes_nothing(rule):
    for name in [BASES[rule]] if rule in BASES else zoo.tables():
        assert scale(zoo.architecture(name), phi=0, rule=rule) == zoo.architecture(name)


# The regnet rule generates a network anew at each φ, and its quantised stages may jump down.
@pytest.mark.parametrize("rule", [name for name in RULES if not RULES[name]().replaces])
@given(st.floats(-2, 4), st.floats(0, 1))
@settings(max_examples=8, deadline=None)
def test_a_larger_phi_never_costs_less(rule, phi, more):
    base = zoo.architecture(BASES.get(rule, "efficientnet_b0"))
    small, large = (cost(lower(scale(base, p, rule=rule))) for p in (phi, phi + more))
    assert (small.macs <= large.macs, small.params <= large.params) == (True, True)


@pytest.mark.parametrize("size", ["b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "l2"])
def test_a_released_member_has_the_published_table_and_implies_a_phi(figures, size):
    row, table = figures[f"efficientnet_{size}"], apply(zoo.architecture("efficientnet_b0"), size)
    assert [stage.channels for stage in table.stages] == row["channels"]["stages"]
    assert [stage.repeats for stage in table.stages] == row["repeats"]
    assert (table.stem.channels, table.head.channels) == (row["channels"]["stem"], row["channels"]["head"])
    assert (table.resolution, table.head.dropout) == (row["resolution"], row["dropout"])
    assert implied_phi(PRESETS[size]) == pytest.approx(row["phi_implied"], abs=0.006)


@pytest.mark.parametrize("size", ["b0", "b1", "b2", "b3"])
def test_a_v2_base_member_has_the_published_widths_and_repeats(figures, size):
    row, table = figures[f"efficientnetv2_{size}"], apply(zoo.architecture("efficientnetv2_b0"), f"v2-{size}")
    channels = row["scaled_channels_no_0.9_rule"]
    assert [stage.channels for stage in table.stages] == channels["stages"]
    assert (table.stem.channels, table.head.channels) == (channels["stem"], channels["head"])
    assert [stage.repeats for stage in table.stages] == row["scaled_repeats"]
