"""Scaling to a budget, and to a family of budgets."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas import zoo
from nas.budget import Budget
from nas.errors import InfeasibleError
from nas.graph import cost
from nas.lowering import lower
from nas.multiplying import multiply
from nas.networks import Network, load_network
from scaling import PRESETS, RULES, Caps, apply, rule_named, scale
from scaling.family import family, targets
from scaling.report import Scaler, by_preset, macs_of, nearest_published
from scaling.solving import CLOSE, solve

HALF = multiply(zoo.architecture("efficientnet_b0"), depth=0.5)
B0, SHALLOW, REGNET = load_network("b0"), Network("shallow", lower(HALF), HALF), load_network("regnetx_002")
SLOW = pytest.mark.slow


def scaler(rule, base=None, **more):
    return Scaler(base or (REGNET if rule == "regnet" else SHALLOW), rule_named(rule), **more)


# -- to a budget ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "budget",
    [
        "600M-flops",
        "7M-params",
        *(pytest.param(b, marks=SLOW) for b in ("90M-flops", "60MiB-memory", "9M..20M-activations")),
    ],
)
@pytest.mark.parametrize("rule", RULES)
def test_a_budget_is_met_within_2_percent_or_the_reason_is_told(rule, budget):
    one, metric, target = scaler(rule), Budget.parse(budget).metric, Budget.parse(budget).high
    try:
        told = one.to(Budget.parse(budget))
    except InfeasibleError:  # then every network lies on one side of the budget
        assert len({getattr(one.at(phi).cost, metric) > target for phi in (-6, -3, 0, 3)}) == 1
        return
    assert told.cost == cost(lower(told.architecture)) == one.at(told.phi).cost
    assert told.solution.off == pytest.approx(getattr(told.cost, metric) / target - 1)
    assert abs(told.solution.off) <= CLOSE or "rounding makes the cost jump from" in told.solution.reason


def nearest_below(scaler, told):
    """The largest share of the budget among 80 φ around the solution, at most all of it (0.01 where all cost more)."""
    metric, target = told.target.metric, told.target.high
    near = [getattr(scaler.at(told.phi + step / 200).cost, metric) / target for step in range(-40, 41)]
    return max((share for share in near if share <= 1), default=0.01)


@pytest.mark.parametrize("seed", [3, *(pytest.param(n, marks=SLOW) for n in range(4, 30))])
def test_a_finer_search_finds_nothing_clearly_nearer(seed):
    rng = np.random.default_rng(seed)
    rule, budget = rng.choice(["efficientnet", "fast", "width", "depth", "regnet"]), round(2e8 * 2 ** rng.uniform(0, 3))
    one = scaler(rule)
    told = one.to(Budget.parse(f"{budget}-flops"))
    assert -math.log(nearest_below(one, told)) >= abs(math.log1p(told.solution.off)) - CLOSE


@given(st.floats(0.01, 1.5), st.floats(0.3, 3), st.floats(0.2, 500))
@settings(max_examples=100, deadline=None)
def test_on_a_staircase_the_solution_is_a_step_beside_the_target(wide, growth, share):
    base = 10**6
    found = solve(
        lambda phi: base * math.exp(growth * wide * math.floor(phi / wide)), Budget("macs", 0, int(base * share))
    )
    below = math.floor(math.log(share) / (growth * wide) + 1e-6)
    steps = [base * math.exp(growth * wide * number) for number in (below - 1, below, below + 1)]
    assert min(abs(found.amount / step - 1) for step in steps) < 1e-6
    assert abs(found.off) <= CLOSE or found.reason


def test_the_cost_of_the_base_is_met_exactly():
    assert scaler("efficientnet", B0).to(Budget.parse("385814752-flops")).solution.off == 0


@pytest.mark.parametrize(
    ("rule", "caps", "budget", "message"),
    [
        ("efficientnet", Caps(), "1K-flops", r"out of reach: from φ = -24 to 0 the rule gives 172.7K macs to 385.8M"),
        ("depth", Caps(), "100M-flops", "gives 173.2M macs to 385.8M macs"),
        ("resolution", Caps(), "10M-params", "does not change params \\(5.289M params at every φ\\)"),
        ("efficientnet", Caps(1.1, 1.1, 240), "2G-flops", "is out of reach"),
        ("width", Caps(), "900T-flops", "is out of reach"),
    ],
)
def test_a_budget_out_of_reach_tells_what_is_reached(rule, caps, budget, message):
    with pytest.raises(InfeasibleError, match=message):
        scaler(rule, B0, caps=caps).to(Budget.parse(budget))


def test_a_graph_without_a_table_meets_the_same_budget():
    bare, full = (scaler("resolution", base).to(Budget.parse("1G-flops")) for base in (Network("bare", B0.graph), B0))
    assert (bare.phi, bare.cost, bare.architecture) == (full.phi, full.cost, None)


def test_macs_without_the_later_blocks_of_a_stage_are_those_of_all(table_name):
    assert macs_of(zoo.architecture(table_name)) == cost(zoo.build(table_name)).macs


@pytest.mark.parametrize(("name", "phi"), [("v2-s", 0.3), ("v2-b3", 1.6), ("regnet_y_3_2gf", -0.6), ("b2", 2.2)])
def test_no_published_network_of_the_same_blocks_is_nearer_than_the_one_told(name, phi):
    table = scale(zoo.architecture(name), phi)
    macs = cost(lower(table)).macs
    kinds = {row.block for row in table.stages}
    kin = [n for n in zoo.tables() if {row.block for row in zoo.architecture(n).stages} == kinds]
    nearest = min(kin, key=lambda n: abs(math.log(cost(zoo.build(n)).macs / macs)))
    assert nearest_published(table, macs).name == nearest


def test_the_nearest_published_network_and_its_implied_phi_are_told():
    told = scaler("efficientnet", B0).at(3)
    assert told.nearest.name == "efficientnet_b4"
    assert told.nearest.implied_phi == {"depth": 3.22, "width": 3.53, "resolution": 3.78}
    assert by_preset(B0, "b3").network.name == "efficientnet_b3"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_of_its_base_is_the_released_table_and_multiplies_any_other_network(name):
    preset = PRESETS[name]
    assert apply(zoo.architecture(preset.base), name) == zoo.architecture(preset.member)
    assert apply(zoo.architecture("mobilenet_v2"), name).resolution == preset.resolution


# -- a family ------------------------------------------------------------------------------------------


def test_a_family_is_one_document_one_picture_and_a_network_a_member(tmp_path):
    found = family(scaler("efficientnet", SHALLOW), targets("200M,400M,800M,1.6G-flops"))
    written = found.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written}
    told = json.loads((tmp_path / "family.json").read_text())
    assert told == json.loads(json.dumps(found.document()))
    assert (told["schema"], told["base"], told["rule"]) == ("nascli.family/1", "shallow", "efficientnet")
    assert "1905.11946" in told["source"]
    assert [member["target"] for member in told["members"]] == ["200M-flops", "400M-flops", "800M-flops", "1.6G-flops"]
    for member, path in zip(told["members"], written[2:], strict=True):
        network = load_network(str(path))
        assert network.name == member["name"]
        assert network.architecture.model_dump(mode="json") == member["architecture"]
        assert (cost(network.graph).macs, cost(network.graph).params) == (member["macs"], member["params"])
        assert abs(member["off"]) <= CLOSE or member["reason"]
    assert (tmp_path / "family.png").read_bytes().startswith(b"\x89PNG")
