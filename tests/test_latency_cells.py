"""Latencies of networks of cells: their parts are the whole network, and are priced as blocks are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from pretended import Pretended, analytic_table, exact
from scipy.stats import chisquare

import search_spaces
from nas.budget import Budget
from nas.cells import Block, Cell, CellNetwork
from nas.errors import InfeasibleError
from nas.graph import cost
from nas.latency import measuring
from nas.latency.blocks import blocks_of, walked
from nas.latency.calibrating import Settings, calibrate
from nas.latency.predicting import predict
from nas.latency.reading import write_table
from nas.latency.table import block_key
from nas.lowering import lower
from nas.networks import Network, load_network
from nas.space import CellSpace
from nas.space.cell_parts import parts_of
from nas.space.costs import walk
from nas.space.counting import listed
from nas.zoo import nasnet

OPS = ("identity", "separable_3x3", "conv_1x3_3x1", "average_3x3", "max_3x3")
ONE = Cell(blocks=(Block(0, "identity", 1, "max_3x3"),))
BASE = CellNetwork(normal=ONE, reduction=ONE, filters=8, repeats=(1, 2), stem=6, stem_cells=1, resolution=32)
BASES = {
    "raw": BASE,
    "convolved": BASE.model_copy(update={"raw": False}),
    "skipping": BASE.model_copy(update={"skip": True, "repeats": (2, 1, 1)}),
    "without stem cells": BASE.model_copy(update={"stem_cells": 0, "stem": 8}),
    "raw and normal first": BASE.model_copy(update={"stem_cells": 0, "stem": 5, "stem_stride": 1}),
    "odd": BASE.model_copy(update={"filters": 10, "resolution": 45, "stem_cells": 2}),
}


def space_of(base=BASE, blocks=3, ops=OPS, always=(), reduction=None) -> CellSpace:
    cells = {"blocks": blocks, "ops": ops, "always": always}
    pair = {"normal": cells, "reduction": reduction or cells}
    return CellSpace.model_validate({"name": "any", "base": base, "num_classes": 7, "cells": pair})


FEW = {"blocks": 2, "ops": ("identity", "separable_3x3", "max_3x3")}
SMALL = space_of(**FEW, reduction={"blocks": 1, "ops": ("max_3x3", "conv_1x1")})


class Counting:
    """A clock by which a part takes what it counts, and the whole network 1,000,000 more."""

    offset = 1_000_000

    def __init__(self, count) -> None:
        self.count = count

    def price(self, graph, shape) -> int:
        return self.count(graph, shape)


def macs(graph, shape) -> int:
    return cost(graph, shape).macs


def ops(graph, shape) -> int:
    return len(graph.nodes) - 1  # without the input


def network_of(space, genome) -> Network:
    cells = space.decode(genome)
    return Network.of(cells, space.num_classes, space.in_chans, lower(cells, space.num_classes, space.in_chans))


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("always", [(), (0, 1), (1, 3)])
def test_the_parts_of_cells_are_the_whole_network_and_none_is_in_another(name, always):
    space, rng = space_of(BASES[name], always=always), np.random.default_rng(1)
    genomes = np.concatenate([space.sample(3, rng=rng), rng.integers(0, list(space.slots.values()), (3, 18))])
    codes = space.codes(space.checked(genomes))
    for count in (macs, ops):
        clock = Counting(count)
        costs = walk(space.priced(clock), lambda rows, i: codes[rows, i], len(codes), ("latency", "macs")).costs
        for row, genome in enumerate(genomes):
            network = space.decode(genome)
            graph = lower(network, 7)
            whole = clock.offset + count(graph, graph.input_shape)
            assert costs["latency"][row] == walked(network, 7, 3, clock) == whole
        if count is macs:
            assert (costs["latency"] == costs["macs"] + clock.offset).all()


def test_a_part_that_reads_two_maps_of_one_shape_is_timed_on_one():
    parts = {part.name: part.form.graph for part in parts_of(nasnet.MOBILE, 1000, 3) if part.kind == "normal"}
    concat = parts["concat"].nodes["op1"]
    assert concat.inputs == ((parts["concat"].input.name, 0),) * len(nasnet.MOBILE.normal.joined)
    assert len(parts["comb_iter_0"].nodes["op1"].inputs) == 2


def test_the_blocks_of_a_space_of_cells_are_those_of_its_networks_and_no_others():
    space = space_of(blocks=2, ops=("identity", "max_3x3"), reduction={"blocks": 1, "ops": ("max_3x3",)})
    forms = {part.form for genome in space.genomes(listed(space)) for part in parts_of(space.decode(genome), 7, 3)}
    assert set(blocks_of(space)) == {block_key(form.graph, form.shape) for form in forms}


def test_where_networks_of_cells_are_sums_of_their_parts_the_table_knows_them_all(monkeypatch):
    monkeypatch.setattr(measuring, "_INTERRUPTIONS", lambda: 0)  # whatever else this machine does
    space = space_of(BASE.model_copy(update={"filters": 32, "resolution": 96}), **FEW)
    found = calibrate(space, Pretended(), Settings(seconds=0.01, networks=6, held_out=5))
    assert found.good
    assert found.table.fit.kind == "blocks"
    assert found.table.quality.held_out_error < 5e-3  # an op of each block counts as part of the call
    assert len(found.table.blocks) == found.table.blocks_in_space == len(blocks_of(space))
    timed = space.timed(found.table)
    for genome in space.sample(5, rng=np.random.default_rng(3)):
        network = network_of(space, genome)
        told = predict(network, found.table)
        assert told.ns == timed.cost(genome)["latency"] == pytest.approx(exact(network.graph), rel=0.02)
        assert (told.outside, told.note) == (0, "")
    deeper = network.with_description(network.cells.model_copy(update={"repeats": (1, 2, 1)}), "deeper")
    told = predict(deeper, found.table)
    assert 0 < told.outside < told.blocks
    assert told.note.startswith(f"{told.outside} of its {told.blocks} distinct blocks are not in the latency table")


def test_a_network_of_the_zoo_is_predicted_by_the_parts_of_its_cells():
    told = predict(load_network("nasnet_mobile"), analytic_table())
    space = search_spaces.load("nasnet")
    assert told.ns == space.timed(analytic_table()).cost(space.encode(space.reference))["latency"]
    assert told.blocks > 50
    assert told.outside == told.blocks


def test_draws_of_cells_within_a_latency_budget_are_uniform_over_those_that_are(tmp_path):
    path = tmp_path / "table.json"
    write_table(analytic_table(), path)
    genomes = SMALL.genomes(listed(SMALL))
    latency = SMALL.timed(analytic_table()).costs(genomes)["latency"]
    budget = Budget("latency", 0, int(np.quantile(latency, 0.6)), table=str(path))
    inside = genomes[latency <= budget.high]
    assert 0 < len(inside) < len(genomes)
    assert SMALL.count([budget]) == len(inside)
    drawn = Counter(
        genome.tobytes() for genome in SMALL.sample(40 * len(inside), [budget], rng=np.random.default_rng(2))
    )
    assert chisquare([drawn.pop(genome.tobytes(), 0) for genome in inside]).pvalue > 1e-4
    assert not drawn
    least = Budget("latency", 0, int(latency.min()) - 1, table=str(path))
    with pytest.raises(InfeasibleError, match=r"the least that it reaches is [\d.]+ µs"):
        SMALL.sample(1, [least], rng=np.random.default_rng(0))
