"""A space is a set of distinct architectures, exactly costed."""

from __future__ import annotations

import json

import numpy as np
import pytest

import search_spaces
from nas import zoo
from nas.errors import FileError, SpaceError
from nas.graph import cost
from nas.lowering import lower
from nas.space import SearchSpace, choices, read_space
from nas.space.counting import listed
from nas.space.distinct import ambiguity
from nas.space.lint import lint, slot_choices, unusable


@pytest.fixture
def space(space_name):
    return search_spaces.load(space_name)


def sampled(space: SearchSpace, n: int):
    return space.sample(n, rng=np.random.default_rng(3))


def test_a_genome_and_its_architecture_are_one(space):
    for genome in sampled(space, 50):
        assert np.array_equal(space.encode(space.decode(genome)), genome)


def test_the_costs_of_a_genome_are_those_of_its_graph(space):
    genomes = sampled(space, 15)
    costs = space.costs(genomes)
    for row, genome in enumerate(genomes):
        total = cost(lower(space.decode(genome), space.num_classes, space.in_chans))
        found = {metric: int(values[row]) for metric, values in costs.items()}
        assert found == {metric: getattr(total, metric) for metric in space.metrics}


def test_one_candidate_costs_the_same_alone_as_in_a_batch(space):
    genomes = sampled(space, 20)
    batch = space.costs(genomes)
    for row, genome in enumerate(genomes):
        assert space.cost(genome) == {metric: int(values[row]) for metric, values in batch.items()}


def test_the_base_is_in_the_space(space):
    assert np.array_equal(space.encode(space.decode(space.encode(space.reference))), space.encode(space.reference))


def test_no_two_genomes_spell_one_network(space):
    assert not lint(space)
    if isinstance(space, SearchSpace):
        assert ambiguity(space) is None
    else:  # every genome is the only one of its network: test_nasnet_space.py compares them with all cells
        genomes = sampled(space, 500)
        assert np.array_equal(space.genomes(space.canonical(space.codes(genomes))), genomes)


def test_different_genomes_are_different_graphs(space):
    genomes = np.unique(sampled(space, 60), axis=0)
    digests = {lower(space.decode(g), space.num_classes).digest() for g in genomes}
    assert len(digests) == len(genomes)


def test_a_space_survives_json(space):
    assert read_space(json.loads(space.to_json())) == space


def test_the_slots_are_told_with_their_choices(space):
    assert {slot: len(values) for slot, values in slot_choices(space).items()} == space.slots


def test_a_space_cites_its_source(space):
    assert "arXiv:" in space.citation


def test_b0_is_in_the_efficientnet_space_whose_size_is_the_product_of_its_choices():
    space = search_spaces.load("efficientnet")
    assert np.array_equal(space.encode(zoo.architecture("b0")), space.encode(space.reference))
    assert space.size == 36**6 * 48
    assert space.evaluator == "accel_nasbench"


# -- NAS-Bench-Macro: its own published numbers ----------------------------------------------------------


def test_nasbench_macro_has_3969_distinct_networks():
    space = search_spaces.load("nasbench_macro")
    genomes = space.genomes(listed(space))
    assert space.size == len(genomes) == 3969
    assert len({lower(space.decode(g), 10).digest() for g in genomes}) == 3969


def test_nasbench_macro_costs_what_the_benchmark_says(shared):
    table = json.loads((shared / "nas-bench-macro_cifar10.json").read_text())
    space = search_spaces.load("nasbench_macro")
    genomes = np.array([[int(c) for c in code] for code in table], dtype=np.int8)
    costs = space.costs(genomes)
    assert costs["macs"].tolist() == [row["flops"] for row in table.values()]
    assert costs["params"].tolist() == [row["params"] for row in table.values()]
    assert len(np.unique(space.canonical(space.codes(genomes)), axis=0)) == 3969


def test_networks_that_the_benchmark_trained_twice_under_two_codes_are_one_genome():
    space = search_spaces.load("nasbench_macro")
    first, second = (
        space.codes(np.array([code], dtype=np.int8)) for code in ([1, 0, 1, 0, 2, 0, 0, 0], [1, 0, 1, 2, 0, 0, 0, 0])
    )
    assert np.array_equal(space.canonical(first), space.canonical(second))
    assert space.decode(space.genomes(first)[0]) == space.decode(space.genomes(second)[0])


# -- users' tables -----------------------------------------------------------------------------------------

TABLE = """
schema: nascli.space/1
name: mine
base: mobilenet_v2
stages:
  - {block: inverted_residual, expand: 1, channels: 16, repeats: 1}
  - {block: inverted_residual, expand: [3, 6], kernel: [3, 5], stride: 2, channels: [24, 32], repeats: [1, 2]}
  - {block: [inverted_residual, projection], expand: [3, 6], stride: 2, channels: 64, repeats: 1}
"""


def written(tmp_path, text, name="mine.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_yaml_table_is_a_space(tmp_path):
    space = search_spaces.load(written(tmp_path, TABLE))
    assert list(space.slots.values()) == [2, 2, 2, 2, 2, 2]
    # A projection has no expand, so its two spellings are one network.
    assert space.size == 16 * 3
    as_json = written(tmp_path, space.to_json(), "mine.json")
    assert search_spaces.load(as_json) == space


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("expand:", "expnad:"), "expnad"),
        (lambda t: t.replace("nascli.space/1", "nascli.space/9"), "is not known here"),
        (lambda t: t.replace("[24, 32]", "1000000000"), "stage 2.*channels"),
        (lambda t: t.replace("mobilenet_v2", "mobilenet_v9"), "did you mean 'mobilenet_v2'"),
        (lambda t: t.replace("[3, 6]", "[3, 3]"), "stands twice"),
        (lambda t: t.replace("inverted_residual,", "inverted_residul,"), "did you mean 'inverted_residual'"),
        (lambda t: t.replace("[3, 5]", "[]"), "1 to 100 choices"),
        (lambda t: t + "extra: 1\n", "extra"),
        (lambda t: t.replace("name: mine", "name: '../mine'"), "name"),
        (lambda t: "a: &a [1]\nb: *a\n", "aliases"),
        (lambda t: "a: " + "[" * 200 + "]" * 200, "nested more than"),
        (lambda t: "a: [1, 2\nb: 3", "not YAML"),
        (lambda t: "!!python/object/apply:os.system ['true']", "not YAML"),
        (lambda t: "- 1\n", "mapping"),
    ],
)
def test_a_table_that_is_no_space_is_one_clear_line(tmp_path, change, message):
    with pytest.raises((SpaceError, FileError), match=message) as refusal:
        search_spaces.load(written(tmp_path, change(TABLE)))
    assert "\n" not in str(refusal.value)


def test_a_table_whose_genomes_are_ambiguous_is_found_out():
    """Two stages of the same width at stride 1 share their blocks out in several ways."""
    header = "block expand channels repeats stride"
    row = ("inverted_residual", (1, 6), 16, (1, 2), 1)
    space = SearchSpace(name="bad", base="mobilenet_v2", stages=choices(header, row, row))
    digests = {lower(space.decode(g)).digest() for g in space.genomes(listed(space))}
    assert len(digests) < space.size
    assert "stages 1 and 2" in (ambiguity(space) or "")


@pytest.mark.parametrize("name", ["efficientnett", "nasbench-macro"])
def test_an_unknown_space_is_told_with_the_closest_name(name):
    with pytest.raises(SpaceError, match="did you mean"):
        search_spaces.load(name)


def test_an_architecture_of_another_space_is_refused_with_the_stage_that_does_not_fit():
    space = search_spaces.load("efficientnet")
    with pytest.raises(SpaceError, match="habits"):
        space.encode(zoo.architecture("resnet50"))
    with pytest.raises(SpaceError, match=r"resolution|stage 1"):
        space.encode(zoo.architecture("b1"))


def test_a_genome_out_of_range_is_refused_with_its_slot():
    space = search_spaces.load("efficientnet")
    genome = space.encode(space.reference).copy()
    genome[1] = 2
    with pytest.raises(SpaceError, match=r"stage1\.kernel"):
        space.decode(genome)
    with pytest.raises(SpaceError, match="28 whole numbers"):
        space.costs(np.zeros((3, 5), dtype=np.int8))


def test_choices_that_no_budgeted_network_can_make_are_listed_exactly():
    from nas.budget import Budget

    space = search_spaces.load("nasbench_macro")
    genomes = space.genomes(listed(space))
    macs = space.costs(genomes)["macs"]
    for text in ("9M-flops", "12M-flops", "25M-flops"):
        budget = Budget.parse(text)
        within = genomes[macs <= budget.high]
        names = slot_choices(space)
        by_hand = {
            (slot, str(names[slot][choice]))
            for column, slot in enumerate(space.slots)
            for choice in range(space.slots[slot])
            if not (within[:, column] == choice).any()
        }
        assert {(found.slot, found.choice) for found in unusable(space, [budget])} == by_hand
