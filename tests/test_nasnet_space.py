"""A space of cells counts networks, not spellings, and prices them as their graphs do."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations_with_replacement, permutations, product

import numpy as np
import pytest
from scipy.stats import chisquare

import nas
import search_spaces
from nas import zoo
from nas.budget import Budget
from nas.cells import INPUTS, Block, Cell, CellNetwork
from nas.errors import NasError, SpaceError
from nas.graph import cost
from nas.lowering import lower
from nas.networks import load_network
from nas.report.folder import write_folder
from nas.report.outcome import search_document
from nas.space import CellSpace, SearchSpace, read_space
from nas.space.counting import _estimate, listed
from nas.space.feasible import Feasible, reach
from nas.space.lint import lint
from nas.space.nearest import Nearest

NASNET = search_spaces.load("nasnet")
ONE = Cell(blocks=(Block(0, "identity", 1, "max_3x3"),))
SMALL_BASE = CellNetwork(
    normal=ONE, reduction=ONE, filters=8, repeats=(1, 2), stem=6, stem_cells=1, resolution=32
)  # fmt: skip


def small(normal=(2, ("identity", "separable_3x3")), reduction=(1, ("max_3x3", "conv_1x1")), **more) -> CellSpace:
    """A space around a small network, of (blocks, ops), or (blocks, ops, always), for each kind of cell."""
    columns = ("blocks", "ops", "always")
    cells = {
        kind: dict(zip(columns, told, strict=False)) for kind, told in (("normal", normal), ("reduction", reduction))
    }
    return CellSpace.model_validate({"name": "small", "base": SMALL_BASE, "cells": cells, **more})


def tellings(cell: Cell) -> frozenset:
    """All ways to tell a cell, with what it joins: orders of its blocks and of their halves."""
    found = set()
    for order in permutations(range(len(cell.blocks))):
        number = {state: state for state in range(INPUTS)} | {INPUTS + b: INPUTS + n for n, b in enumerate(order)}
        told = []
        for place, block in enumerate(cell.blocks[b] for b in order):
            halves = sorted([(number[block.left], block.left_op), (number[block.right], block.right_op)])
            if halves[1][0] >= INPUTS + place:
                break
            told.append(tuple(halves))
        else:
            found.add((tuple(told), tuple(sorted(number[state] for state in cell.joined))))
    return frozenset(found)


def every_cell(blocks: int, ops: tuple[str, ...], always: tuple[int, ...]) -> set[frozenset]:
    """The distinct cells of so many blocks, from every telling whose blocks are in the order of what they read."""
    rows = [
        list(combinations_with_replacement(product(range(INPUTS + number), ops), 2)) for number in range(blocks)
    ]  # halves in order
    found, seen = set(), set()
    for told in product(*rows):
        reads = [(right, left) for (left, _), (right, _) in told]
        read = {state for pair in reads for state in pair}
        joined = tuple(state for state in range(INPUTS + blocks) if state in always or state not in read)
        if reads == sorted(reads) and (told, joined) not in seen:
            cell = Cell(blocks=tuple(Block(*left, *right) for left, right in told), outputs=joined)
            found.add(tellings(cell))
            seen |= tellings(cell)
    return found


def retold(cell: Cell, rng: np.random.Generator) -> Cell:
    """The same cell, its blocks and their halves in an order by chance."""
    number, blocks = {state: state for state in range(INPUTS)}, []
    while left := [b for b in range(len(cell.blocks)) if INPUTS + b not in number]:
        chosen = rng.choice([b for b in left if {cell.blocks[b].left, cell.blocks[b].right} <= set(number)])
        block = cell.blocks[chosen]
        halves = rng.permutation([(number[block.left], block.left_op), (number[block.right], block.right_op)])
        blocks.append(Block(*(half for state, op in halves for half in (int(state), str(op)))))
        number[INPUTS + int(chosen)] = INPUTS + len(blocks) - 1
    return Cell(blocks=tuple(blocks), outputs=tuple(number[state] for state in cell.joined))


def normal_cells(space: CellSpace) -> list[frozenset]:
    """The normal cells of a small space's genomes, of those with one of the reduction cells."""
    codes = listed(space)
    one = space.genomes(codes[(codes[:, -2:] == codes[0, -2:]).all(axis=1)])
    return [tellings(space.decode(genome).normal) for genome in one]


# -- counts and spellings -------------------------------------------------------------------------------------

ALWAYS = ((), (1,), (2,), (1, 3), (3,))  # an input is itself in any telling; a block is what its place makes it
ONE_OP, TWO_OPS = ("identity",), ("identity", "max_3x3")


@pytest.mark.parametrize(
    ("blocks", "ops", "always"),
    [
        (1, TWO_OPS, ()),
        *((2, TWO_OPS, always) for always in ALWAYS),
        *((3, ONE_OP, always) for always in ALWAYS),
        *((3, TWO_OPS, always) for always in ((), (2,))),
        *((4, ONE_OP, always) for always in ((), (3,), (0, 2, 4))),
    ],
)
def test_every_cell_has_one_genome(blocks, ops, always):
    space = small(normal=(blocks, ops, always), reduction=(1, ONE_OP))
    codes = listed(space)
    assert space.size == space.count() == len(codes) == len(np.unique(codes, axis=0))
    genomes = space.genomes(codes)
    assert space.walk(genomes).allowed.all()
    cells = normal_cells(space)
    assert len(cells) == len(set(cells)) == space.shape("normal").size
    assert set(cells) == every_cell(blocks, ops, always)


def test_the_networks_of_a_space_do_not_depend_on_the_order_of_its_ops():
    told = [small(normal=(3, ops, (2,)), reduction=(1, ONE_OP)) for ops in (TWO_OPS, TWO_OPS[::-1])]
    assert set(normal_cells(told[0])) == set(normal_cells(told[1]))


@pytest.mark.parametrize("always", [(), (2,), (3,)])
def test_genomes_of_one_network_have_one_canonical_spelling(always):
    space = small(normal=(3, ("identity", "separable_3x3", "max_3x3"), always))
    for genome in space.sample(60, rng=np.random.default_rng(0)):
        network = space.decode(genome)
        for blocks, joined in tellings(network.normal):
            normal = Cell(blocks=tuple(Block(*left, *right) for left, right in blocks), outputs=joined)
            assert np.array_equal(space.encode(network.model_copy(update={"normal": normal})), genome)


@pytest.mark.parametrize("space", [NASNET, small(*[(5, TWO_OPS, (4,))] * 2), small(*[(6, TWO_OPS, (3, 5))] * 2)])
def test_a_network_told_in_any_order_has_the_genome_that_it_was_decoded_from(space):
    rng = np.random.default_rng(5)
    for genome in space.sample(200, rng=rng):
        network = space.decode(genome)
        cells = {kind: retold(getattr(network, kind), rng) for kind in ("normal", "reduction")}
        assert np.array_equal(space.encode(network.model_copy(update=cells)), genome)


def test_any_genome_has_a_canonical_spelling_that_of_its_network_if_that_is_in_the_space():
    space, rng, inside = small(normal=(4, TWO_OPS, (3,))), np.random.default_rng(6), 0
    genomes = rng.integers(0, list(space.slots.values()), (300, len(space.slots))).astype(np.int8)
    canonical = space.genomes(space.canonical(space.codes(genomes)))
    assert space.walk(canonical).allowed.all()
    for genome, spelling in zip(genomes, canonical, strict=True):
        try:
            encoded = space.encode(space.decode(genome))
        except SpaceError:
            continue
        assert np.array_equal(encoded, spelling)
        inside += 1
    assert 100 < inside < 300


@pytest.mark.parametrize("always", [(), (2,)])
def test_samples_are_uniform_over_networks_whose_cells_hold_a_block_twice(always):
    space = small(normal=(3, ONE_OP, always), reduction=(1, ONE_OP))
    drawn = [space.decode(genome) for genome in space.sample(40 * space.size, rng=np.random.default_rng(7))]
    counts = Counter((tellings(network.normal), network.reduction) for network in drawn)
    assert len(counts) == space.size == 3 * len(every_cell(3, ONE_OP, always))
    assert chisquare(list(counts.values())).pvalue > 1e-4


def test_samples_are_uniform_over_the_feasible_networks():
    space = small(normal=(2, ("identity", "separable_3x3", "max_3x3")))
    genomes = space.genomes(listed(space))
    macs = space.costs(genomes)["macs"]
    budget = Budget("macs", 0, int(np.quantile(macs, 0.6)))
    inside = genomes[macs <= budget.high]
    place = {genome.tobytes(): n for n, genome in enumerate(inside)}
    assert space.count([budget]) == len(inside)
    drawn = space.sample(40 * len(inside), [budget], rng=np.random.default_rng(11))
    counts = np.bincount([place[genome.tobytes()] for genome in drawn], minlength=len(place))
    assert chisquare(counts).pvalue > 1e-4


def test_an_estimate_counts_networks_as_the_enumeration_does():
    space = small(normal=(3, ("identity", "separable_3x3")))
    genomes = space.genomes(listed(space))
    budget = Budget("params", 0, int(np.median(space.costs(genomes)["params"])))
    estimate = _estimate(Feasible(space, [budget]))
    assert estimate.low <= space.count([budget]) <= estimate.high


def test_the_nearest_network_is_found_from_any_wish():
    budgets, rng = [Budget.parse("450M..600M-flops")], np.random.default_rng(0)
    near = Nearest(NASNET, budgets)
    for wish in NASNET.sample(3, rng=rng):
        found = near.find(NASNET.codes(wish[None])[0], lambda codes: False, rng)
        assert near.feasible.admits(found[None]).all()
        assert np.array_equal(NASNET.canonical(found[None])[0], found)


# -- costs ----------------------------------------------------------------------------------------------------

BASES = {
    "raw": {},
    "convolved": {"raw": False},
    "skipping": {"skip": True, "repeats": (2, 1, 1)},
    "without stem cells": {"stem_cells": 0, "stem": 8},
    "raw and normal first": {"stem_cells": 0, "stem": 5, "stem_stride": 1},
    "odd": {"filters": 10, "resolution": 45, "stem_cells": 2},
}
OPS = ("identity", "separable_3x3", "conv_1x3_3x1", "average_3x3", "max_3x3")


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("always", [(), (0, 1), (1, 3)])
def test_the_costs_of_any_genome_are_those_of_its_graph(name, always):
    base = SMALL_BASE.model_copy(update=BASES[name])
    cells = {"ops": OPS, "blocks": 3, "always": always}
    space = CellSpace.model_validate(
        {"name": "any", "base": base, "num_classes": 7, "cells": {"normal": cells, "reduction": cells}}
    )
    rng = np.random.default_rng(1)
    genomes = np.concatenate([space.sample(8, rng=rng), rng.integers(0, list(space.slots.values()), (8, 18))])
    costs = space.costs(genomes)
    for row, genome in enumerate(genomes):  # half of them told in an order that is not the canonical one
        total = cost(lower(space.decode(genome), 7))
        assert {metric: int(values[row]) for metric, values in costs.items()} == space.cost(genome)
        assert space.cost(genome) == {metric: getattr(total, metric) for metric in space.metrics}


def test_nasnet_a_is_in_its_space_at_the_cost_of_the_zoos_network():
    genome = NASNET.encode(NASNET.reference)
    total = cost(zoo.build("nasnet_mobile"))
    assert NASNET.cost(genome) == {m: getattr(total, m) for m in ("macs", "params", "activations")}
    assert NASNET.walk(genome[None]).allowed.all()
    assert len(NASNET.decode(genome).reduction.joined) == 4


def test_memory_is_refused_in_one_line():
    with pytest.raises(SpaceError, match="memory of the networks of nasnet is not known without building") as refusal:
        NASNET.sample(1, ["20MiB-memory"], rng=np.random.default_rng(0))
    assert "\n" not in str(refusal.value)
    with pytest.raises(SpaceError, match="memory"):
        nas.search(NASNET, ["600M-flops"], parameters, objectives=("score", "memory"), trials=2)
    with pytest.raises(SpaceError, match="memory"):
        NASNET.costs(NASNET.encode(NASNET.reference), ("memory",))


def test_no_budget_below_the_least_network_is_promised():
    with pytest.raises(NasError, match="the least that it reaches is"):
        NASNET.sample(1, ["50M-flops"], rng=np.random.default_rng(0))
    low, high = reach(NASNET, "macs")
    macs = NASNET.costs(NASNET.sample(2000, rng=np.random.default_rng(0)), ("macs",))["macs"]
    assert low <= macs.min() <= macs.max() <= high


# -- documents ------------------------------------------------------------------------------------------------

TABLE = """
schema: nascli.space/1
name: mine
base: nasnet_mobile
cells:
  normal: {blocks: 5, ops: [identity, separable_3x3, average_3x3]}
  reduction: {blocks: 2, ops: [max_3x3, separable_5x5], always: [1]}
"""


def test_a_yaml_table_of_cells_is_a_space(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(TABLE)
    space = search_spaces.load(path)
    assert isinstance(space, CellSpace)
    assert read_space(json.loads(space.to_json())) == space
    assert not isinstance(search_spaces.load("resnet"), CellSpace)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.replace("average_3x3", "avrage_3x3"), "did you mean 'average_3x3'"),
        (lambda t: t.replace("separable_3x3, average_3x3", "identity"), "an op stands twice"),
        (lambda t: t.replace("always: [1]", "always: [4]"), "the states are 0 to 3"),
        (lambda t: t.replace("blocks: 5", "blocks: 50"), "blocks"),
        (lambda t: t.replace("blocks: 5", "blocks: yes"), "a number is wanted"),
        (lambda t: t.replace("nasnet_mobile", "resnet50"), "no network of cells; the zoo has"),
        (lambda t: t.replace("  reduction", "  reductoin"), "reduct"),
        (lambda t: t + "stages: []\n", "stages"),
    ],
)
def test_a_table_that_is_no_space_of_cells_is_one_clear_line(tmp_path, change, message):
    path = tmp_path / "mine.yaml"
    path.write_text(change(TABLE))
    with pytest.raises(NasError, match=message) as refusal:
        search_spaces.load(path)
    assert "\n" not in str(refusal.value)


def test_a_network_of_no_such_cells_is_refused_with_what_does_not_fit():
    def changed(**update):
        return NASNET.reference.model_copy(update=update)

    normal = NASNET.reference.normal
    with pytest.raises(SpaceError, match="filters"):
        NASNET.encode(changed(filters=48))
    with pytest.raises(SpaceError, match="4 blocks"):
        NASNET.encode(changed(normal=Cell(blocks=normal.blocks[:4])))
    with pytest.raises(SpaceError, match="normal1: op 'max_7x7'"):
        NASNET.encode(changed(normal=Cell(blocks=(Block(0, "max_7x7", 1, "identity"), *normal.blocks[1:]))))
    with pytest.raises(SpaceError, match="joins other states"):
        NASNET.encode(changed(normal=Cell(blocks=normal.blocks, outputs=(0, 1, 2, 3, 4, 5, 6))))
    with pytest.raises(SpaceError, match="CellNetwork is wanted"):
        NASNET.encode(zoo.architecture("resnet50"))
    assert isinstance(search_spaces.load("resnet"), SearchSpace)


def test_lint_names_the_choices_that_no_budget_allows():
    findings = lint(NASNET, [Budget.parse("150M-flops")])
    assert any("dilated_3x3" in finding and "no network within" in finding for finding in findings)


# -- a search -------------------------------------------------------------------------------------------------


def parameters(network) -> float:
    """A cheap stand-in for accuracy."""
    return float(cost(lower(network, 10)).params)


@pytest.mark.parametrize(("workers", "trials"), [(1, 110), (2, 16)])  # the sampler has a say from the 101st on
def test_a_search_of_cells_is_resumed_and_its_winner_loads_again(tmp_path, workers, trials):
    space = small(normal=(3, OPS), reduction=(2, OPS), num_classes=10)
    budget, out = (
        Budget("macs", 0, int(np.median(space.costs(space.sample(200, rng=np.random.default_rng(0)))["macs"]))),
        tmp_path / "run",
    )
    nas.search(space, [budget], parameters, trials=8, out=out, workers=workers)
    study = nas.search(space, [budget], parameters, trials=trials, out=out, workers=workers)
    assert study.resumed
    assert len({trial.genome.tobytes() for trial in study.trials}) == trials
    assert all(trial.costs["macs"] <= budget.high for trial in study.trials)
    told = search_document(study)
    json.dumps(told)
    write_folder(study, out, "nascli search", told)
    network = load_network(str(out))
    assert network.graph.digest() == study.graph(study.best).digest() == told["best"]["digest"]
    assert network.cells == study.architecture(study.best)
    assert cost(network.graph).macs == study.best.costs["macs"]
    text = json.loads((out / "best.json").read_text())
    text["architecture"]["kind"] = "cels"
    (out / "best.json").write_text(json.dumps(text))
    with pytest.raises(NasError, match="did you mean 'cells'"):
        load_network(str(out))


def test_the_fitted_predictor_refuses_networks_of_cells_in_one_line():
    with pytest.raises(NasError, match="the predictor reads architectures, got CellNetwork"):
        nas.search(NASNET, ["600M-flops"], "accel_nasbench", trials=2)
