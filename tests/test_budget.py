"""A budget means what a person who writes it means, or is refused in one line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.budget import Budget
from nas.errors import BudgetError


@pytest.mark.parametrize(
    ("text", "metric", "low", "high"),
    [
        ("400M-flops", "macs", 0, 400_000_000),
        ("400M-macs", "macs", 0, 400_000_000),
        ("1.2G-flops", "macs", 0, 1_200_000_000),
        ("0.4B-flops", "macs", 0, 400_000_000),
        ("385814752-flops", "macs", 0, 385_814_752),
        ("400M-flops~5%", "macs", 380_000_000, 420_000_000),
        ("380M..420M-flops", "macs", 380_000_000, 420_000_000),
        ("5.3M-params", "params", 0, 5_300_000),
        ("20MiB-memory", "memory", 0, 20 * 2**20),
        ("20MB-memory", "memory", 0, 20_000_000),
        ("6.7M-activations", "activations", 0, 6_700_000),
    ],
)
def test_a_budget_is_read(text, metric, low, high):
    budget = Budget.parse(text)
    assert (budget.metric, budget.low, budget.high) == (metric, low, high)
    assert str(budget) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("400M", "names no metric"),
        ("-3M-flops", "not a positive amount"),
        ("400M-flop", "did you mean 'flops'"),
        ("400X-flops", "no unit 'X'"),
        ("400MiB-flops", "no unit 'MiB'"),
        ("20M-memory", "no unit 'M'"),
        ("420M..380M-flops", "above the upper"),
        ("1M..2M..3M-flops", "cannot be read"),
        ("1M..2M-flops~5%", "cannot be read"),
        ("400M-flops~x", "percentage"),
        ("400M-flops~150%", "percentage"),
        ("0-flops", "nothing costs 0"),
        ("nanM-flops", "not a positive amount"),
        ("9e99G-flops", "out of bounds"),
        ("", "names no metric"),
    ],
)
def test_a_budget_that_cannot_be_read_is_refused_in_one_line(text, message):
    with pytest.raises(BudgetError, match=message) as refusal:
        Budget.parse(text)
    assert "\n" not in str(refusal.value)


@given(st.text(max_size=30))
def test_any_text_is_a_budget_or_a_budget_error(text):
    with suppress(BudgetError):
        Budget.parse(text)


def test_both_ends_of_a_range_are_within():
    budget = Budget.parse("380M..420M-flops")
    assert [budget.admits({"macs": macs}) for macs in (379_999_999, 380_000_000, 420_000_000, 420_000_001)] == [
        False,
        True,
        True,
        False,
    ]
