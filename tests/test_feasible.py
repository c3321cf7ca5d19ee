"""Sampling under budgets is feasible, uniform over distinct architectures, and says when there is nothing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

import search_spaces
from nas.budget import Budget
from nas.errors import InfeasibleError
from nas.space import SearchSpace, choices
from nas.space.counting import _estimate, listed
from nas.space.feasible import Feasible, reach
from nas.space.nearest import Nearest

MACRO = search_spaces.load("nasbench_macro")
ALL = MACRO.genomes(listed(MACRO))
COSTS = MACRO.costs(ALL)
EFFICIENTNET = search_spaces.load("efficientnet")


def budgets(*texts: str) -> list[Budget]:
    return [Budget.parse(text) for text in texts]


def within(*texts: str) -> np.ndarray:
    inside = np.ones(len(ALL), dtype=bool)
    for budget in budgets(*texts):
        inside &= (COSTS[budget.metric] >= budget.low) & (COSTS[budget.metric] <= budget.high)
    return inside


SETS = [
    (),
    ("40M-flops",),
    ("30M..36M-flops",),
    ("1.2M-params",),
    ("60M-flops", "1M..1.5M-params"),
    ("4MiB-memory",),
    ("45M-flops", "5MiB-memory", "1.4M-params"),
]


@pytest.mark.parametrize("texts", SETS)
def test_the_count_is_that_of_a_full_enumeration(texts):
    count = MACRO.count(budgets(*texts))
    assert count == within(*texts).sum()
    assert count.exact


@pytest.mark.parametrize("texts", SETS)
def test_samples_are_uniform_over_the_distinct_feasible_architectures(texts):
    inside = within(*texts)
    place = {genome.tobytes(): n for n, genome in enumerate(ALL[inside])}
    n = 40 * len(place)
    drawn = MACRO.sample(n, budgets(*texts), rng=np.random.default_rng(11))
    counts = np.bincount([place[genome.tobytes()] for genome in drawn], minlength=len(place))
    assert chisquare(counts).pvalue > 1e-4


@settings(max_examples=25, deadline=None)
@given(st.integers(60, 800), st.integers(1, 100), st.integers(0, 2**31))
def test_every_sample_is_within_its_budget(millions, width, seed):
    budget = Budget("macs", millions * 10**6, (millions + width) * 10**6)
    drawn = EFFICIENTNET.sample(200, [budget], rng=np.random.default_rng(seed))
    macs = EFFICIENTNET.costs(drawn)["macs"]
    assert (macs >= budget.low).all()
    assert (macs <= budget.high).all()


def test_the_same_generator_draws_the_same():
    first, second = (EFFICIENTNET.sample(50, budgets("400M-flops"), rng=np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_narrow_band_is_hit(space_name):
    space = search_spaces.load(space_name)
    macs = int(np.median(space.costs(space.sample(500, rng=np.random.default_rng(0)))["macs"]))
    budget = Budget("macs", round(0.995 * macs), round(1.005 * macs))
    drawn = space.costs(space.sample(300, [budget], rng=np.random.default_rng(0)))["macs"]
    assert ((drawn >= budget.low) & (drawn <= budget.high)).all()


def test_an_exact_cost_is_a_budget_too():
    drawn = EFFICIENTNET.sample(5, budgets("385814752..385814752-macs"), rng=np.random.default_rng(0))
    assert (EFFICIENTNET.costs(drawn)["macs"] == 385_814_752).all()


def test_the_reach_of_a_space_is_that_of_a_full_enumeration():
    for metric in ("macs", "params", "activations"):
        assert reach(MACRO, metric) == (COSTS[metric].min(), COSTS[metric].max())


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("1M-flops",), "the least that it reaches is 51.59M macs"),
        (("90G..91G-flops",), "the most that it reaches is 884.1M macs"),
        (("1k-params",), "no unit 'k'"),
        (("60M-flops", "7M..8M-params"), "nearest miss"),
    ],
)
def test_a_budget_that_nothing_fits_says_what_is_reachable(texts, message):
    with pytest.raises(ValueError, match=message) as refusal:
        EFFICIENTNET.sample(1, budgets(*texts), rng=np.random.default_rng(0))
    assert "\n" not in str(refusal.value)


def test_a_gap_between_reachable_costs_is_infeasible():
    space = SearchSpace(
        name="two",
        base="mobilenet_v2",
        stages=choices("block expand channels stride", ("inverted_residual", (1, 6), 16, 2)),
    )
    low, high = reach(space, "macs")
    gap = Budget("macs", low + 1, high - 1)
    assert space.count([gap]) == 0
    with pytest.raises(InfeasibleError, match="nearest miss"):
        space.sample(1, [gap], rng=np.random.default_rng(0))


@pytest.mark.parametrize("text", ["396M..404M-flops", "95M..105M-flops", "400M-flops", "4M-params"])
def test_the_exact_count_and_the_estimate_agree(text):
    exact = EFFICIENTNET.count(budgets(text))
    assert exact.exact
    estimate = _estimate(Feasible(EFFICIENTNET, budgets(text)))
    spread = estimate.high - estimate.low
    assert abs(estimate - exact) <= 1.5 * spread


def test_the_counts_of_disjoint_bands_add_up_to_the_size():
    edges = [0, 150, 250, 300, 400, 600, 1000]
    bands = [Budget("macs", low * 10**6 + 1, high * 10**6) for low, high in pairwise(edges)]
    assert sum(EFFICIENTNET.count([band]) for band in bands) == EFFICIENTNET.size


def test_a_space_too_large_to_count_says_how_sure_it_is():
    wide = search_spaces.load("efficientnet_wide")
    count = wide.count(budgets("400M-flops", "5M-params"))
    assert not count.exact
    assert count.low < count < count.high


# -- the nearest feasible architecture ------------------------------------------------------------------------


@pytest.mark.parametrize("texts", [("25M-flops",), ("20M..22M-flops",), ("40M-flops", "900K-params")])
def test_the_nearest_has_the_fewest_changed_slots(texts):
    near, rng, feasible = Nearest(MACRO, budgets(*texts)), np.random.default_rng(0), ALL[within(*texts)]
    for wish in ALL[rng.integers(len(ALL), size=40)]:
        found = near.find(MACRO.codes(wish[None])[0], lambda codes: False, rng)
        changes = (MACRO.genomes(found[None])[0] != wish).sum()
        assert changes == (feasible != wish).sum(axis=1).min()


@pytest.mark.parametrize("text", ["396M..404M-flops", "120M-flops"])
def test_the_nearest_in_a_large_space_is_as_near_as_any_of_many_draws(text):
    rng = np.random.default_rng(0)
    near = Nearest(EFFICIENTNET, budgets(text))
    drawn = EFFICIENTNET.sample(200_000, budgets(text), rng=rng)
    for wish in EFFICIENTNET.sample(5, rng=rng):
        found = near.find(EFFICIENTNET.codes(wish[None])[0], lambda codes: False, rng)
        assert near.feasible.admits(found[None]).all()
        changes = (EFFICIENTNET.genomes(found[None])[0] != wish).sum()
        assert changes <= (drawn != wish).sum(axis=1).min()


def test_what_is_taken_is_not_found_again_until_nothing_is_left():
    texts = ("9M-flops",)
    near, rng = Nearest(MACRO, budgets(*texts)), np.random.default_rng(0)
    wish, seen = MACRO.codes(ALL[:1])[0], set()
    while (found := near.find(wish, lambda codes: codes.tobytes() in seen, rng)) is not None:
        seen.add(found.tobytes())
    assert len(seen) == within(*texts).sum()
