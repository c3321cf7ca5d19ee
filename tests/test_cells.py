"""Networks of cells: what a cell may be, and sizes that the papers give."""

from __future__ import annotations

import pytest
import torch
from meters import measured_macs, measured_params, measured_peak_bytes
from pydantic import ValidationError

from nas import zoo
from nas.cells import OPERATIONS, Block, Cell, CellNetwork, lower_cells
from nas.compiler import compile_graph
from nas.errors import GraphError, ScaleError
from nas.graph import cost
from nas.graph.ops import AvgPool2d, MaxPool2d, ZeroPad2d
from nas.multiplying import multiply_cells
from nas.zoo import nasnet, pnasnet

SMALL = CellNetwork(
    normal=Cell(blocks=(Block(0, "identity", 1, "separable_3x3"),)),
    reduction=Cell(blocks=(Block(0, "max_3x3", 1, "average_3x3"),)),
    filters=8,
    repeats=(2, 1),
    stem=6,
    stem_stride=1,
    stem_cells=0,
    resolution=16,
)


def test_nasnet_for_cifar_has_the_parameters_of_the_paper():
    """arXiv:1707.07012, Table 1: NASNet-A (6 @ 768) has 3.3M."""
    columns = {"filters": 768 // 24, "repeats": (6, 6, 6), "stem": 96, "stem_stride": 1, "stem_cells": 0}
    network = nasnet.MOBILE.model_copy(update={**columns, "resolution": 32})
    assert lower_cells(network, num_classes=10).params == pytest.approx(3.3e6, rel=0.02)


def test_the_mobile_networks_have_the_sizes_of_the_papers():
    """arXiv:1707.07012, Table 3: NASNet-A (4 @ 1056) has 5.3M and 564M; arXiv:1712.00559: PNASNet-5 (N = 3, F = 54) has
    5.1M and 588M."""
    columns = {"filters": 54, "repeats": (3, 2, 2), "stem": 32, "resolution": 224}
    for network, params, macs in (
        (nasnet.MOBILE, 5.3e6, 564e6),
        (pnasnet.LARGE.model_copy(update=columns), 5.1e6, 588e6),
    ):
        total = cost(lower_cells(network))
        assert total.params == pytest.approx(params, abs=0.05e6)
        assert total.macs == pytest.approx(macs, abs=1e6)


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("op", OPERATIONS)
def test_every_op_runs_in_both_kinds_of_cells_as_it_is_costed(op, raw):
    cell = Cell(blocks=(Block(0, op, 1, op), Block(2, op, 1, op)))
    graph = lower_cells(SMALL.model_copy(update={"normal": cell, "reduction": cell, "raw": raw}), num_classes=5)
    assert graph.lint() == []
    model = compile_graph(graph).eval()
    assert model(torch.randn(2, 3, 23, 17)).shape == (2, 5)
    total = cost(graph)
    assert total.peak_memory_bytes == measured_peak_bytes(model, graph.input_shape)
    assert (total.params, total.macs) == (measured_params(model), measured_macs(model, graph.input_shape))


def test_a_cell_joins_the_states_that_no_block_reads_inputs_too():
    one, two = Block(0, "max_3x3", 0, "identity"), Block(2, "identity", 0, "conv_3x3")
    cell = Cell(blocks=(one, two, Block(0, "identity", 2, "identity")))
    assert cell.joined == (1, 3, 4)
    graph = lower_cells(SMALL.model_copy(update={"normal": cell, "reduction": cell}))
    assert graph.shapes()["reduction_cell_0.concat"] == ((3 * 16, 8, 8),)
    assert graph.lint() == []


@pytest.mark.parametrize("skip", [True, False])
def test_the_cell_behind_a_reduction_reads_what_that_read_or_skips_one(skip):
    graph = lower_cells(nasnet.MOBILE.model_copy(update={"skip": skip}))
    (source, _), *_ = graph.nodes["cell_4.conv_prev_1x1.act"].inputs
    assert source == ("cell_2.concat" if skip else "cell_3.concat")


def test_a_halved_map_keeps_all_pixels_on_two_paths():
    """One sees every second pixel, the other those beside them."""
    graph = lower_cells(SMALL)
    shapes = graph.shapes()
    before, after = (shapes[f"cell_2.conv_prev_1x1.{end}"][0] for end in ("act", "paths"))
    assert (before[1:], after) == ((16, 16), (16, 8, 8))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"blocks": ((0, "identity", 2, "identity"),)}, "block 0 reads state 2; it may read 0 to 1"),
        ({"blocks": ((0, "max_4x4", 1, "identity"),)}, "did you mean 'max_"),
        ({"blocks": ((0, "identity", 0, "identity"),), "outputs": (2,)}, "state 1 is read by no block"),
        ({"blocks": ((0, "identity", 1, "identity"),), "outputs": (2, 3)}, "give different states from 0 to 2"),
        ({"blocks": ()}, "at least 1 item"),
    ],
)
def test_a_cell_that_is_none_is_refused_in_words(columns, message):
    with pytest.raises(ValidationError, match=message):
        Cell(**columns)


def test_filters_too_few_to_halve_are_refused():
    with pytest.raises(ValidationError, match="filters=7: must be at least 8 behind 2 stem cells"):
        CellNetwork(**{**nasnet.MOBILE.model_dump(), "filters": 7})


def test_a_network_of_cells_is_read_back_from_json():
    assert CellNetwork.model_validate_json(nasnet.LARGE.model_dump_json()) == nasnet.LARGE


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AvgPool2d((3, 3), (2, 2), "same", count_include_pad=False), "padding 'same' counts as zeros"),
        (lambda: MaxPool2d((3, 3), (2, 2), "same", ceil_mode=True), "ceil_mode does not go with padding 'same'"),
        (lambda: ZeroPad2d((1, 1)), "give four whole numbers"),
    ],
)
def test_padding_that_contradicts_itself_is_refused(make, message):
    with pytest.raises(GraphError, match=message):
        make()


def test_cells_scale_by_their_filters_and_repeats_as_the_paper_scales_them():
    # arXiv:1707.07012, Table 2: from NASNet-A (4 @ 1056) to NASNet-A (6 @ 4032) at 331 px.
    large, mobile = zoo.entry("nasnetalarge").plan.cells, zoo.entry("nasnet_mobile").plan.cells
    grown = multiply_cells(mobile, width=168 / 44, depth=1.5, resolution=331 / 224, rounding="nearest")
    assert (grown.filters, grown.repeats, grown.resolution) == (large.filters, large.repeats, large.resolution)
    with pytest.raises(ScaleError, match="leaves no cell in a stage"):
        multiply_cells(mobile, depth=0.01, rounding="multiple_of_8")
