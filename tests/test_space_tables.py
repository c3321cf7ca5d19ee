"""A user's table is data: whatever stands in it, the answer is a space of distinct networks or one clear line."""

from __future__ import annotations

import itertools
import logging
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

import search_spaces
from nas.architecture import Architecture
from nas.blocks import BLOCKS, ConvStem, Stage, stage
from nas.blocks.recipe import Recipe, Value
from nas.budget import Budget
from nas.errors import FileError, GraphError, NasError, SpaceError
from nas.graph import cost
from nas.lowering import lower, lower_block, lower_edge, recipe
from nas.space import SearchSpace
from nas.space.counting import _estimate, listed
from nas.space.distinct import ambiguity
from nas.space.feasible import Feasible
from nas.space.lint import lint
from nas.space.spelling import Spelling

HEAD = "schema: nascli.space/1\nname: mine\nbase: mobilenet_v2\n"
ROW = "{block: inverted_residual, channels: 16}"


def load(tmp_path: Path, *rows: str, more: str = "", head: str = HEAD) -> SearchSpace:
    """The space of a YAML file with these stages."""
    path = tmp_path / "mine.yaml"
    path.write_text(head + more + "stages:\n" + "".join(f"  - {row}\n" for row in rows))
    return search_spaces.load(path)


def digests(space: SearchSpace) -> set[tuple[int, str]]:
    """The distinct networks of a small space, from every genome, canonical or not."""
    genomes = itertools.product(*(range(size) for size in space.slots.values()))
    networks = [space.decode(np.array(genome, dtype=np.int8)) for genome in genomes]
    return {(network.resolution, lower(network).digest()) for network in networks}


# -- kernels -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [2, 4, 62])
def test_an_even_kernel_is_refused_in_a_block_and_in_a_stem(tmp_path, kernel):
    with pytest.raises(SpaceError, match=rf"kernel {kernel} is even; kernels are odd"):
        load(tmp_path, f"{{block: inverted_residual, channels: 16, kernel: [3, {kernel}]}}")
    with pytest.raises(ValueError, match=f"kernel {kernel} is even"):
        ConvStem(channels=16, kernel=kernel)


def lower_stage(row: Stage, build: Recipe) -> Value:
    """A stage of one block, with what stands before and behind it."""
    x = lower_edge(row, build, build.input, 1, "begin")
    return lower_edge(row, build, lower_block(row, build, x, 1, 0), 1, "end")


CELLS = {"kernel": 5, "group_width": 4}


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 6, 7, 32])
def test_only_the_stride_of_a_block_changes_the_size_of_a_map(kind, stride, size):
    columns = {column: value for column, value in CELLS.items() if column in BLOCKS[kind].model_fields}
    row = stage({"block": kind, "channels": 16, "stride": stride, **columns})
    build = recipe(search_spaces.load("efficientnet").reference, (24, size, size))
    reduced = row.reduced(size)
    with nullcontext() if reduced else pytest.raises(GraphError, match="does not fit"):
        channels, *sides = lower_stage(row, build).shape
        assert sides == [reduced, reduced]
        assert channels == 16 or not row.uniform


# -- what YAML makes of a cell -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{block: inverted_residual, channels: " + "9" * 5000 + "}", "cannot be read"),
        ("{block: inverted_residual, channels: 0x" + "f" * 5000 + "}", "out of bounds"),
        ("{block: inverted_residual, channels: 2024-99-99}", "month must be in 1..12"),
        ("{block: inverted_residual, channels: 2024-09-09}", "a number or a name, not date"),
        ("{block: {a: 1}, channels: 16}", "a number or a name, not dict"),
        ("{block: [[mbconv, [1]]], channels: 16}", "a number or a name, not list"),
        ("{block: mbconv, channels: 16, se: [yes, no]}", "se: .*not yes or true"),
        ("{block: mbconv, channels: 16, repeats: [no, 1]}", "repeats: .*not no or false"),
        ("{block: mbconv, channels: 16, expand: ~}", "not NoneType"),
        ("{block: mbconv, channels: 16, expand: '6'}", "the text '6'; write it without quotes"),
        ("{block: mbconv, channels: 16, se: '0.25'}", "the text '0.25'"),
        ("{block: mbconv, channels: 16, se: .nan}", "se"),
        ("{block: mbconv, channels: 16, expand: [[3, 6]]}", "one value, not a list"),
        ("{block: mbconv, channels: 16, kernel: 3, expand+kernel: [[3, 5], [6, 5]]}", "'kernel' stands twice"),
        ("{block: mbconv, channels: !!set {16}}", "tags"),
        ("{block: mbconv, channels: !!timestamp 16}", "tags"),
    ],
)
def test_a_cell_that_is_no_choice_is_one_clear_line(tmp_path, row, message):
    with pytest.raises((SpaceError, FileError), match=message) as refusal:
        load(tmp_path, row)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 500


def test_networks_deeper_than_an_architecture_may_be_are_refused(tmp_path):
    with pytest.raises(SpaceError, match="networks of 5,120 blocks, more than 4,096"):
        load(tmp_path, *["{block: mbconv, channels: 16, repeats: [1, 1024]}"] * 5)


@pytest.mark.parametrize("field", ["resolutions: [yes]", "num_classes: yes", "in_chans: '3'"])
def test_a_truth_value_or_a_text_is_no_number_of_a_space(tmp_path, field):
    with pytest.raises(SpaceError, match="a number is wanted"):
        load(tmp_path, ROW, more=field + "\n")


def test_a_truth_value_is_no_number_of_a_row():
    for cells in ({"se": True}, {"expand": True}, {"channels": True}, {"se": "0.5"}):
        with pytest.raises(ValueError, match="a number is wanted"):
            stage({"block": "mbconv", "channels": 16, **cells})


def test_costs_beyond_64_bits_are_refused_before_they_wrap_around(tmp_path):
    row = "{block: basic, channels: [65535, 65536], kernel: 63, repeats: 1000}"
    space = load(tmp_path, row, more="resolutions: [8192]\n")
    with pytest.raises(SpaceError, match="up to stage 1 a network of this table may cost"):
        space.sample(1, rng=np.random.default_rng(0))


# -- the size of the tables --------------------------------------------------------------------------------


def test_cost_tables_too_large_to_fill_are_refused_with_their_size(tmp_path):
    channels = list(range(8, 8 + 59))
    row = f"{{block: mbconv, channels: {channels}, kernel: [3, 5, 7, 9], expand: [1, 2, 3, 4], repeats: [1, 2]}}"
    with pytest.raises(SpaceError, match=r"1,888 options × 118 maps before it\) have .* cells, more than 200,000"):
        load(tmp_path, row, row, row, more="resolutions: [64, 128]\n")
    with pytest.raises(SpaceError, match="rows in all stages, more than 200,000"):
        load(tmp_path, *[row.replace("[1, 2]", "[1, 2, 3, 4, 5, 6, 7, 8]")] * 64)


# -- one network, one genome -------------------------------------------------------------------------------

EQUAL = [
    ["{block: [mbconv, inverted_residual], se: 0, channels: [16, 24], repeats: [1, 2]}"],
    ["{block: mbconv, se: [0.25, 0.251], channels: 24, repeats: [1, 2]}"],
    ["{block: mbconv, expand: [4, 4.001], channels: [24, 600], repeats: [1, 2]}"],
    ["{block: bottleneck, ratio: [0.25, 0.251], channels: [64, 1024]}"],
    ["{block: [bottleneck, regnet], ratio: 1, group_width: 32, channels: 32}"],
    # Behind 16 channels the ratios are one network, behind 1000 they are two.
    [
        "{block: inverted_residual, channels: [16, 1000]}",
        "{block: mbconv, se: [0.25, 0.251], channels: 24, stride: 2}",
        "{block: mbconv, se: [0.251, 0.25], channels: [24, 1000], repeats: [1, 2], stride: 2}",
    ],
    # The same rows written in two ways.
    ["{block: mbconv, channels: 32, repeats: [0, 1]}", "{block: mbconv, channels: 32, se: 0.25, repeats: [0, 1]}"],
]


@pytest.mark.parametrize("rows", EQUAL)
def test_rows_that_spell_the_same_blocks_are_one_network(tmp_path, rows):
    space = load(tmp_path, *rows)
    codes = listed(space)
    assert ambiguity(space) is None
    assert space.size == space.count() == len(codes) == len(digests(space))
    assert np.array_equal(space.canonical(codes), codes)


@pytest.mark.parametrize("rows", EQUAL)
def test_every_spelling_has_the_canonical_genome_of_its_network(tmp_path, rows):
    space = load(tmp_path, *rows)
    for genome in itertools.product(*(range(size) for size in space.slots.values())):
        network = space.decode(np.array(genome, dtype=np.int8))
        canonical = space.encode(network)
        assert lower(space.decode(canonical)).digest() == lower(network).digest()
        assert space.walk(canonical[None]).allowed.all()


@pytest.mark.parametrize("rows", EQUAL[:-1])
def test_lint_names_rows_that_spell_a_network_again(tmp_path, rows):
    found = lint(load(tmp_path, *rows), [Budget.parse("1G-flops")])
    assert "the same network, and only the first spelling counts" in found[0]


def test_draws_are_all_distinct_networks(tmp_path):
    space = load(tmp_path, *EQUAL[0])
    drawn = np.unique(space.sample(400, rng=np.random.default_rng(0)), axis=0)
    assert len(drawn) == space.size
    assert len({lower(space.decode(genome)).digest() for genome in drawn}) == space.size


KINDS = {
    "mbconv": {"expand": [1, 1.01, 4, 4.001], "se": [0, 0.25, 0.251]},
    "inverted_residual": {"expand": [1, 1.01, 4, 4.001]},
    "fused_mbconv": {"expand": [1, 4, 4.001], "kernel": [1, 3], "se": [0, 0.25, 0.251]},
    "basic": {"kernel": [1, 3], "se": [0, 0.25, 0.251], "se_act": [False, True]},
    "bottleneck": {"ratio": [0.25, 0.251, 1], "group_width": [0, 2, 6], "reduce": [0.5, 1], "shortcut_kernel": [1, 3]},
    "selective_basic": {"squeeze": [0.125, 0.126, 0.5], "divisor": [2, 4], "split": [False, True]},
    "selective_bottleneck": {"group_width": [0, 2, 6], "split": [False, True], "shortcut_pool": [False, True]},
    "resnest": {"radix": [1, 2], "cardinality": [1, 2], "pool_first": [False, True]},
    "res2net": {"scale": [2, 3], "kernel": [1, 3], "shortcut_pool": [False, True]},
    "regnet": {"group_width": [8, 24], "se": [0, 0.25, 0.251]},
    "preact_bottleneck": {"ratio": [0.25, 0.251, 1], "kernel": [1, 3]},
    "nfnet": {"group_width": [4, 12], "ratio": [0.5, 0.51, 1], "se": [0, 0.25, 0.251], "alpha": [0.2, 0.3]},
    "projection": {},
    "convnext": {"kernel": [1, 3], "expand": [4, 4.001], "grn": [False, True], "dense": ["linear", "conv"]},
    "inception_next": {"kernel": [1, 3], "band": [1, 5], "branch": [0.125, 0.126, 0.25]},
    "van": {"expand": [4, 4.001, 8]},
    "mobilenetv3": {"expand": [1, 1.01, 4], "se": [0, 0.25, 0.251], "activation": ["", "silu", "relu"]},
    "separable": {"kernel": [1, 3], "output": ["activated", "linear"]},
    "conv": {"kernel": [1, 3], "pool": ["", "max"], "bias": [False, True]},
    "uib": {"start": [0, 3], "middle": [1, 3], "expand": [4, 4.001]},
    "ghost": {"expand": [4, 4.001, 6], "kernel": [1, 3], "se": [0, 0.25, 0.251]},
    "shufflenet": {"groups": [1, 2], "kernel": [1, 3], "first": ["grouped", "dense"]},
    "shufflenetv2": {"kernel": [1, 3]},
    "dense": {"kernel": [1, 3], "ratio": [4, 4.001, 2], "compression": [0.5, 0.501, 1]},
}


def test_every_kind_of_block_is_told_apart():
    assert set(KINDS) == set(BLOCKS)


@pytest.mark.parametrize(("channels", "stride"), [(24, 1), (24, 2), (400, 1)])
def test_a_spelling_is_the_same_where_the_digest_is(channels, stride):
    base = search_spaces.load("efficientnet").reference
    rows = [
        stage({"block": kind, "channels": 24, "stride": stride, **dict(zip(cells, values, strict=True))})
        for kind, cells in KINDS.items()
        for values in itertools.product(*cells.values())
    ]
    spelling = Spelling(base, [rows])
    by_letter = [spelling.letter(number, stride, channels, True) for number in range(len(rows))]
    by_digest = []
    for row in rows:
        build = recipe(base, (channels, 8, 8))
        by_digest.append(build.graph([lower_stage(row, build)]).digest())
    assert len(set(zip(by_letter, by_digest, strict=True))) == len(set(by_letter)) == len(set(by_digest))


def test_equal_stages_with_another_between_are_told_when_the_table_is_loaded(tmp_path, caplog):
    row = "{block: inverted_residual, channels: 16, expand: [1, 6], repeats: [0, 1]}"
    between = "{block: inverted_residual, channels: 16, expand: [3, 4], repeats: [0, 1]}"
    with caplog.at_level(logging.WARNING):
        space = load(tmp_path, row, between, row)
    assert "can share the same block out in several ways" in caplog.text
    assert len(digests(space)) < space.size
    assert lint(space)


def test_a_table_without_such_stages_loads_in_silence(caplog):
    with caplog.at_level(logging.WARNING):
        search_spaces.load(Path(__file__).parent.parent / "examples" / "space.yaml")
    assert not caplog.records


# -- a table names no code, and a space is a name ----------------------------------------------------------


@pytest.mark.parametrize("evaluator", ["python:function=os.system", "python", "os.system", "accel_nasbench:a=b", ""])
def test_a_table_names_a_built_in_evaluator_only(tmp_path, evaluator):
    with pytest.raises(SpaceError, match="a table names a built-in evaluator"):
        load(tmp_path, ROW, more=f"evaluator: '{evaluator}'\n")
    assert load(tmp_path, ROW, more="evaluator: accel_nasbench\n").evaluator == "accel_nasbench"


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a.b", "a b", "", "é", "x" * 65, "a\\n"])
def test_a_space_is_named_with_letters_digits_and_dashes(tmp_path, name):
    with pytest.raises(SpaceError, match="is no name"):
        load(tmp_path, ROW, head=HEAD.replace("mine", f'"{name}"'))


# -- budgets and speed -------------------------------------------------------------------------------------


def test_a_budget_may_be_its_text():
    space = search_spaces.load("nasbench_macro")
    parsed = [Budget.parse("30M-flops")]
    assert space.count(["30M-flops"]) == space.count("30M-flops") == space.count(parsed)
    first, second = (space.sample(9, budgets, rng=np.random.default_rng(1)) for budgets in (["30M-flops"], parsed))
    assert np.array_equal(first, second)
    with pytest.raises(NasError, match="flops"):
        space.count(["30M-flosp"])


def test_the_size_of_a_space_needs_no_prices(space_name):
    space = search_spaces.load(space_name)
    alone = space.model_copy()
    for filled in ("links", "size"):
        alone.__dict__.pop(filled, None)
    size = alone.size
    assert "links" not in alone.__dict__
    ways = [1] * alone.links[-1].next.shape[0]
    for link in reversed(alone.links[:-1]):
        ways = [
            sum(ways[behind] for behind, allowed in zip(*row, strict=True) if allowed)
            for row in zip(link.next.tolist(), link.allowed.tolist(), strict=True)
        ]
    if space.linked:
        assert size == ways[0]
    else:  # links that allow further spellings: the share of draws that are canonical tells how many
        estimate = _estimate(Feasible(space, []))
        assert estimate.low <= size <= estimate.high < ways[0]


def test_the_cost_of_repeated_strided_blocks_at_odd_sizes_is_that_of_the_graph(tmp_path):
    row = "{block: [mbconv, fused_mbconv], channels: [16, 24], kernel: [1, 7], stride: 3, repeats: [1, 3]}"
    space = load(tmp_path, row, row, more="resolutions: [33, 50, 97]\n")
    genomes = space.sample(20, rng=np.random.default_rng(2))
    for genome in genomes:
        total = cost(lower(space.decode(genome)))
        assert space.cost(genome) == {m: getattr(total, m) for m in ("macs", "params", "activations", "memory")}


def test_an_architecture_with_an_even_kernel_in_a_file_is_one_clear_line():
    table = search_spaces.load("efficientnet").reference.model_dump()
    table["stages"][0]["kernel"] = 4
    with pytest.raises(NasError, match="kernel 4 is even"):
        Architecture.read(table)
