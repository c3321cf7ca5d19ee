"""The zoo holds the published networks, to the parameter and to the mac."""

from __future__ import annotations

import json

import pytest

from nas import zoo
from nas.architecture import Architecture
from nas.errors import ArchitectureError
from nas.graph import Graph, cost
from nas.graph.taps import taps
from nas.zoo.published import figures as figures_of

# Channels of timm's feature_info (features_only=True) at reductions 2, 4, 8, 16, 32; timm 1.0.31.
TIMM_FEATURES = {
    "efficientnet_b0": (16, 24, 40, 112, 320),
    "efficientnet_v2_s": (24, 48, 64, 160, 256),
    "efficientnetv2_b0": (16, 32, 48, 112, 192),
    "mnasnet1_0": (16, 24, 40, 96, 320),
    "mobilenet_v2": (16, 24, 32, 96, 320),
    "mobilenet_v3_large": (16, 24, 40, 112, 960),
    "regnet_y_400mf": (32, 48, 104, 208, 440),
    "regnetx_002": (32, 24, 56, 152, 368),
    "resnet18": (64, 64, 128, 256, 512),
    "resnet50": (64, 256, 512, 1024, 2048),
    "vgg16": (128, 256, 512, 512, 512),
}


@pytest.mark.parametrize("name", zoo.names())
def test_a_network_has_the_parameters_and_macs_of_its_oracle(name, figures):
    entry = zoo.entry(name)
    rows = figures_of(name, entry)
    assert rows or name in figures or entry.follows, "no published figure"
    for row in rows if entry.oracle else ():
        graph = zoo.build(name, num_classes=row.num_classes)
        assert row.counted(graph) == (row.params, row.macs or row.counted(graph)[1])


def test_an_efficientnet_has_the_published_parameters_and_macs(published, figures):
    total = cost(zoo.build(published))
    assert (total.params, total.macs) == (figures[published]["params"], figures[published]["macs"])
    assert not total.uncounted


def test_b0_has_the_activations_that_pycls_and_timm_count():
    assert cost(zoo.build("efficientnet_b0")).activations == 6_747_036


def test_an_alias_means_its_entry():
    assert zoo.architecture("b0") == zoo.architecture("efficientnet_b0")
    assert zoo.build("v2-s").name == "efficientnet_v2_s"


def test_an_unknown_network_is_told_with_the_closest_name():
    with pytest.raises(ArchitectureError, match="did you mean 'efficientnet_b3'"):
        zoo.build("efficientnett_b3")


@pytest.mark.parametrize("name", TIMM_FEATURES)
def test_feature_taps_are_those_of_timm(name):
    found = taps(zoo.build(name))
    assert tuple(tap.channels for tap in found) == TIMM_FEATURES[name]
    assert [tap.reduction for tap in found] == [2, 4, 8, 16, 32]


def test_classes_and_channels_change_the_ends_of_a_network_only():
    plain, other = cost(zoo.build("b0")), cost(zoo.build("b0", num_classes=10, in_chans=1))
    changed = {name for name in plain.by_node if plain.by_node[name] != other.by_node[name]}
    assert changed == {"features.0.0", "classifier.1"}
    assert other.params == plain.params - 990 * 1281 - 2 * 9 * 32


def test_without_classes_the_output_is_the_pooled_features():
    graph = zoo.build("b0", num_classes=0)
    assert graph.shapes()[graph.outputs[0][0]] == ((1280,),)


def test_drop_rates_do_not_change_the_digest():
    assert zoo.build("b0", drop_rate=0.5, drop_path_rate=0.0).digest() == zoo.build("b0").digest()


def test_a_table_survives_json(table_name):
    table = zoo.architecture(table_name)
    assert Architecture.read(json.loads(table.model_dump_json())) == table


def test_a_graph_survives_json(network):
    graph = zoo.build(network)
    assert Graph.from_json(graph.to_json()) == graph


def test_stages_and_nodes_share_out_the_whole_cost(network):
    total = cost(zoo.build(network))
    for metric in ("macs", "params", "activations"):
        assert sum(getattr(s, metric) for s in total.by_node.values()) == getattr(total, metric)
        assert sum(getattr(s, metric) for s in total.by_stage.values()) == getattr(total, metric)
