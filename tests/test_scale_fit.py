"""The grid of α, β, γ, and a fit on it: exact, resumable, with its uncertainty."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as pairs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas import zoo
from nas.errors import ScaleError, StudyError
from nas.evaluators import FunctionEvaluator, Task, named_evaluator
from nas.evaluators.score import CONCESSION
from nas.graph import cost
from nas.lowering import lower
from nas.multiplying import multiply
from nas.networks import Network, load_network
from scaling.fitting import KEPT, fit
from scaling.triples import PAPER, triples

B0 = zoo.architecture("efficientnet_b0")
ROWS = zip(B0.stages, (1, 1, 1, 1, 1, 2, 1), strict=True)  # layers with room to grow in the predictor's domain
SHALLOW = B0.model_copy(update={"stages": tuple(row.model_copy(update={"repeats": n}) for row, n in ROWS)})
NETWORK = Network("shallow", lower(SHALLOW), SHALLOW)


@given(st.integers(10, 40), st.integers(0, 5), st.sampled_from(["0.1", "0.2", "0.25", "0.3"]))
@settings(max_examples=30, deadline=None)
def test_the_grid_holds_every_triple_of_the_product_and_no_other(tenths, slack, step):
    target, tolerance, grid = Fraction(tenths, 10), Fraction(slack, 10), Fraction(step)
    axis = [1 + grid * number for number in range(int((target + tolerance) / grid) + 1)]
    small = [value for value in axis if value**2 <= target + tolerance]
    wanted = [(a, b, c) for a, b, c in pairs(axis, small, small) if abs(a * b**2 * c**2 - target) <= tolerance]
    if not wanted:
        with pytest.raises(ScaleError, match="no α, β, γ ≥ 1 on a grid"):
            triples(tenths / 10, slack / 10, float(step))
        return
    found = triples(tenths / 10, slack / 10, float(step))
    assert set(found) == {*(tuple(map(float, triple)) for triple in wanted), PAPER}
    assert len(found) == len(set(found))


def test_the_grid_is_exact_where_floats_are_not():
    assert (1.1, 1.1, 1.0) in triples(1.331, 0, 0.1)  # 1.1 · 1.1² is 1.3310000000000004 in floats
    assert triples(2, 0.05, 0.05).count(PAPER) == 1  # 1.2 · 1.1² · 1.15² = 1.920: on the grid, not within 0.05 of 2
    assert PAPER in triples(1.92, 0.05, 0.05)[:-1]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((1.9, 0, 1), "no α, β, γ ≥ 1 on a grid of 1 has α·β²·γ² = 1.9 ± 0"),
        ((0.5, 0, 0.1), r"the product lies in \[1, 64\] \(α, β, γ ≥ 1\)"),
        ((100, 0, 0.1), "product 100"),
        ((2, -1, 0.1), "tolerance -1"),
        ((2, 0.1, 0), "step 0"),
        ((2, 0.1, float("nan")), "step nan"),
        ((2, 0.1, 1e-9), "too fine a grid"),
        ((2, 0.1, 0.01), "more than 5,000 triples; take a larger step or a smaller tolerance"),
    ],
)
def test_a_product_that_no_grid_reaches_is_told(numbers, message):
    with pytest.raises(ScaleError, match=message):
        triples(*numbers)


def wider_is_better(architecture):
    """A score with an interval: the width of the head, up to a limit, and a little of the depth."""
    worth = min(architecture.head.channels, 1500) / 100 + sum(row.repeats for row in architecture.stages) / 200
    return worth, worth - 0.7, worth + 0.7


class Interrupted(FunctionEvaluator):
    """Counts its calls, and is interrupted after `most` of them."""

    def __init__(self, most=10**6):
        super().__init__(wider_is_better)
        self.calls, self.most = 0, most

    def evaluate(self, architectures, seed=0):
        if self.calls == self.most:
            raise KeyboardInterrupt
        self.calls += 1
        return super().evaluate(architectures, seed)


def test_a_fit_costs_and_scores_every_triple_and_weighs_them():
    found = fit(NETWORK, FunctionEvaluator(wider_is_better))
    assert [point.triple for point in found.points] == triples(2, 0.1, 0.1)
    for point in found.points[::7]:
        table = multiply(NETWORK.architecture, **dict(zip(("depth", "width", "resolution"), point.triple, strict=True)))
        assert (point.macs, point.params) == (cost(lower(table)).macs, cost(lower(table)).params)
        assert point.score.value == wider_is_better(table)[0]
    best = max(point.score.value for point in found.points)
    near = [point for point in found.points if point.score.value >= best - CONCESSION * 0.7]
    assert found.chosen == min(near, key=lambda point: point.macs) != found.scored[0]
    assert all(abs(point.score.value - best) <= 0.7 * 2**0.5 for point in found.ties)
    for point in found.front:
        assert not [p for p in found.points if p.macs <= point.macs and p.score.value > point.score.value]
    told = found.document()
    assert [row for row in told["points"] if row.get("paper")] == [told["points"][-1]]
    assert {"alpha", "beta", "gamma", "product", "macs", "params", "value", "low", "high"} <= set(told["chosen"])


@pytest.mark.parametrize("calls", [0, 1, 7])
def test_an_interrupted_fit_asks_only_for_the_rest(tmp_path, calls):
    whole = Interrupted()
    wanted = fit(NETWORK, whole)
    with pytest.raises(KeyboardInterrupt):
        fit(NETWORK, Interrupted(calls), out=tmp_path)
    rest = Interrupted()
    found = fit(NETWORK, rest, out=tmp_path)
    assert (found.points, found.resumed, rest.calls) == (wanted.points, calls, whole.calls - calls)


@pytest.mark.parametrize(
    "other",
    [
        {"product": 1.5},
        {"tolerance": 0.2},
        {"step": 0.2},
        {"network": load_network("b0")},
        {"evaluator": FunctionEvaluator(len)},
    ],
)
def test_a_folder_of_another_fit_is_refused_and_kept(tmp_path, other):
    fit(NETWORK, FunctionEvaluator(wider_is_better), step=0.5, out=tmp_path)
    kept = (tmp_path / KEPT).read_bytes()
    asked = {"network": NETWORK, "evaluator": FunctionEvaluator(wider_is_better), "step": 0.5, **other}
    with pytest.raises(StudyError, match=r"holds another fit .* choose another --out"):
        fit(**asked, out=tmp_path)
    assert (tmp_path / KEPT).read_bytes() == kept


def test_the_predictor_scores_what_its_domain_allows_and_tells_why_not():
    found = fit(NETWORK, named_evaluator("accel_nasbench", Task()))
    assert [point.triple for point in found.scored] == [(1.9, 1, 1), (2, 1, 1)]  # β, γ leave B0's stem and image size
    assert all("outside the predictor's domain" in point.reason for point in found.points if not point.score)
    assert found.chosen.score.low < found.chosen.score.value < found.chosen.score.high
    assert "Predicted, not measured" in found.document()["score"]["note"]


def test_a_candidate_that_fails_has_a_reason_and_a_bare_graph_has_no_fit():
    found = fit(NETWORK, FunctionEvaluator(lambda table: 1 / 0), step=0.5)
    assert {point.reason for point in found.points} == {"ZeroDivisionError: division by zero"}
    assert (found.chosen, found.front, found.ties) == (None, [], [])
    with pytest.raises(ScaleError, match="a bare graph; a fit needs a table of stages"):
        fit(Network("bare", NETWORK.graph), FunctionEvaluator(wider_is_better))
