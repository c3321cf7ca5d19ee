"""A graph is a network: well wired, well named, the same after JSON, and known by its digest."""

from __future__ import annotations

import json

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nas.errors import FileError, GraphError
from nas.graph import Graph, GraphBuilder, Node, Width, cost
from nas.graph.ops import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv2d,
    Dropout,
    GlobalAvgPool,
    Input,
    Linear,
    Multiply,
    Parameter,
    Split,
    StochasticDepth,
)


def conv(c_in: int, c_out: int, kernel: int = 3) -> Conv2d:
    return Conv2d(c_in, c_out, (kernel, kernel), padding=(kernel // 2, kernel // 2))


def small(rate: float = 0.1, prefix: str = "") -> Graph:
    build = GraphBuilder((3, 8, 8))
    x = build.add(conv(3, 4), build.input, name=f"{prefix}stem")
    y = build.add(StochasticDepth(rate), build.add(conv(4, 4), x, name=f"{prefix}body"), name=f"{prefix}drop")
    return build.graph([build.add(Add(), y, x, name=f"{prefix}sum")])


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Small graphs of every wiring: chains, shared inputs, splits, several outputs."""
    build = GraphBuilder((2, 6, 6))
    values = [build.input]
    for number in range(draw(st.integers(1, 8))):
        x, y = (draw(st.sampled_from(values)) for _ in range(2))
        kind = draw(st.sampled_from(["conv", "act", "add", "mul", "concat", "split"]))
        name = f"n{number}.{kind}"
        if kind == "conv":
            values.append(build.add(conv(x.channels, draw(st.integers(1, 3))), x, name=name))
        elif kind == "act":
            values.append(build.add(Activation(draw(st.sampled_from(["relu", "silu"]))), x, name=name))
        elif kind in ("add", "mul") and x.channels == y.channels:
            values.append(build.add(Add() if kind == "add" else Multiply(), x, y, name=name))
        elif kind == "concat" and x.channels + y.channels <= 12:
            values.append(build.add(Concat(), x, y, name=name))
        elif kind == "split" and x.channels > 1:
            values.extend(build.add_multi(Split((1, x.channels - 1)), x, name=name))
    count = draw(st.integers(1, 2))
    return build.graph(values[-count:])


def test_an_input_used_twice_is_two_inputs_and_one_edge():
    build = GraphBuilder((3, 8, 8))
    graph = build.graph([build.add(Multiply(), build.input, build.input, name="square")])
    assert graph.nodes["square"].inputs == (("x", 0), ("x", 0))
    assert list(graph.dag.edges) == [("x", "square")]


def test_a_split_has_several_outputs():
    build = GraphBuilder((5, 4, 4))
    left, right = build.add_multi(Split((2, 3)), build.input, name="parts")
    graph = build.graph([build.add(Concat(), right, left, name="swapped")])
    assert graph.nodes["swapped"].inputs == (("parts", 1), ("parts", 0))
    assert graph.shapes()["parts"] == ((2, 4, 4), (3, 4, 4))


def test_a_parameter_needs_no_layer():
    build = GraphBuilder((3, 4, 4))
    scale = build.add(Parameter((3, 1, 1), value=1.0), name="gamma")
    graph = build.graph([build.add(Multiply(), build.input, scale, name="scaled")])
    assert cost(graph).params == 3


def test_tokens_are_shapes_too():
    build = GraphBuilder((3, 4, 4))
    tokens = build.add(Parameter((16, 8)), name="tokens")
    graph = build.graph([build.add(Linear(8, 5), tokens, name="project")])
    assert graph.shapes()["project"] == ((16, 5),)
    assert cost(graph).macs == 16 * 8 * 5


def test_the_canonical_shape_may_be_overridden():
    graph = small()
    assert cost(graph, (3, 16, 16)).macs == 4 * cost(graph).macs
    with pytest.raises(GraphError, match=r"stem.*expects 3 channels, its input has 1"):
        cost(graph, (1, 8, 8))


@pytest.mark.parametrize("shape", [224, (), (3, "a", 8), (3, 8.0, 8), (3, True, 8), (3, 0, 8), None])
def test_a_shape_of_the_image_is_channels_height_and_width(shape):
    if shape is not None:
        with pytest.raises(
            GraphError, match=r"give a tuple of sizes, such as \(channels, height, width\)|must be an int"
        ):
            cost(small(), shape)
    with pytest.raises(GraphError):
        Input(shape)


def test_nodes_given_in_any_order_run_in_a_valid_one():
    graph = small()
    shuffled = Graph(reversed(list(graph.nodes.values())), graph.outputs)
    assert shuffled.digest() == graph.digest()
    place = {name: n for n, name in enumerate(shuffled.nodes)}
    assert all(place[source] < place[n] for n, node in shuffled.nodes.items() for source, _ in node.inputs)


@pytest.mark.parametrize(
    ("nodes", "outputs", "message"),
    [
        ([Node("x", Input((3, 8, 8))), Node("a", conv(3, 4), (("y", 0),))], [("a", 0)], "no input 'y'"),
        ([Node("x", Input((3, 8, 8)))], [("z", 0)], "no output node 'z'"),
        ([Node("x", Input((3, 8, 8)))], [], "at least one output"),
        ([Node("x", Input((3, 8, 8)))] * 2, [("x", 0)], "twice"),
        ([Node("x", Input((3, 8, 8))), Node("y", Input((3, 8, 8)))], [("x", 0)], "exactly one input"),
        ([Node("x", Input((3, 8, 8))), Node("a", Add(), (("a", 0), ("x", 0)))], [("a", 0)], "cycle"),
        ([Node("a", Input((3, 8, 8))), Node("a.b", Activation("relu"), (("a", 0),))], [("a.b", 0)], "lies inside"),
        ([Node("x", Input((3, 8, 8)))], [("x", 5)], r"output node 'x' has 1 outputs \(from 0\), not 5"),
        ([Node("x", Input((3, 8, 8)))], [("x", -1)], "has 1 outputs"),
        ([Node("x", Input((3, 8, 8))), Node("a", conv(3, 4), (("x", 1),))], [("a", 0)], "node 'a': input 'x' has 1"),
        ([Node("x", Input((3, 8, 8))), Node("a", conv(3, 4), (("x", -1),))], [("a", 0)], "not -1"),
        ([Node("x", Input((3, 8, 8))), Node("a", conv(3, 4), (("x",),))], [("a", 0)], "give .node name, output index"),
        ([Node("x", Input((3, 8, 8)))], ["x"], "output 'x': give"),
        ([Node("x", Input((3, 8, 8)))], 3, "outputs 3: give a list"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(nodes, outputs, message):
    with pytest.raises(GraphError, match=message) as refusal:
        Graph(nodes, outputs)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["", "a..b", "a b", "ä", "a." * 200 + "b"])
def test_a_node_name_is_a_module_path(name):
    with pytest.raises(GraphError, match="node name"):
        Node(name, Activation("relu"), (("x", 0),))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv2d(3, 10**9),
        lambda: Conv2d(4, 6, groups=4),
        lambda: Conv2d(0, 4),
        lambda: Conv2d(3, 4, kernel=(3, 3, 3)),
        lambda: Activation("gelloo"),
        lambda: Dropout(1.0),
        lambda: Linear(3, True),
        lambda: Node("a", Add(), (("x", 0),)),
        lambda: Node(3, Activation("relu"), (("x", 0),)),
        lambda: Node("a", Activation("relu"), 3),
        lambda: Node("a", Activation("relu"), (("x", 0),), stage=["a"]),
        lambda: Node("a", Activation("relu"), (("x", 0),), block=1.0),
        lambda: Node("a", Activation("relu"), (("x", 0),), width=3),
        lambda: BatchNorm(3, eps=-1),
        lambda: BatchNorm(3, eps=float("nan")),
        lambda: BatchNorm(3, momentum=2),
        lambda: Parameter((3,), value=float("inf")),
        lambda: Split(()),
        lambda: Width("derived", "a", -5),
        lambda: Width("derived", "a", 0),
        lambda: Width("freed"),
    ],
)
def test_an_op_out_of_bounds_is_refused(make):
    with pytest.raises(GraphError):
        make()


# -- digest ----------------------------------------------------------------------------------------


def test_names_and_rates_do_not_change_the_digest():
    assert small(0.1).digest() == small(0.3, "other.").digest()


def test_two_equal_parallel_convolutions_are_not_one_shared_convolution():
    def made(shared: bool) -> Graph:
        build = GraphBuilder((3, 8, 8))
        left = build.add(conv(3, 4), build.input, name="left")
        right = left if shared else build.add(conv(3, 4), build.input, name="right")
        return build.graph([build.add(Add(), left, right, name="sum")])

    assert made(True).digest() != made(False).digest()


def test_the_order_of_inputs_is_part_of_the_digest():
    def joined(swap: bool) -> Graph:
        build = GraphBuilder((3, 8, 8))
        a, b = build.add(conv(3, 4), build.input, name="a"), build.add(conv(3, 5), build.input, name="b")
        return build.graph([build.add(Concat(), *((b, a) if swap else (a, b)), name="both")])

    assert joined(True).digest() != joined(False).digest()


@settings(max_examples=60, deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_renaming_and_reordering_nodes_keeps_the_digest(graph, random):
    names = {name: f"node_{i}" for i, name in enumerate(random.sample(sorted(graph.nodes), len(graph.nodes)))}
    nodes = [
        Node(names[n], node.op, tuple((names[source], i) for source, i in node.inputs))
        for n, node in graph.nodes.items()
    ]
    random.shuffle(nodes)
    assert Graph(nodes, [(names[n], i) for n, i in graph.outputs]).digest() == graph.digest()


@settings(max_examples=60, deadline=None)
@given(graphs(), graphs())
def test_equal_digests_mean_isomorphic_graphs(first, second):
    def reachable(graph: Graph) -> nx.MultiDiGraph:
        dag = nx.MultiDiGraph()
        for name, node in graph.nodes.items():
            dag.add_node(name, label=(node.op, tuple(i for n, i in graph.outputs if n == name), node.op.kind))
            for position, (source, output) in enumerate(node.inputs):
                dag.add_edge(source, name, label=(position, output))
        keep = set().union(*(nx.ancestors(dag, n) | {n} for n, _ in graph.outputs))
        return dag.subgraph(keep)

    same = nx.is_isomorphic(
        reachable(first),
        reachable(second),
        node_match=lambda a, b: a == b,
        edge_match=lambda a, b: sorted(v["label"] for v in a.values()) == sorted(v["label"] for v in b.values()),
    )
    if first.digest() == second.digest():
        assert same


# -- documents and networkx --------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_a_graph_survives_json_and_networkx(graph):
    assert Graph.from_json(graph.to_json()) == graph
    assert Graph.from_networkx(graph.dag) == graph


def test_a_foreign_networkx_graph_becomes_a_graph():
    dag = nx.DiGraph()
    dag.add_node("image", op=Input((3, 8, 8)))
    dag.add_node("a", op=conv(3, 4))
    dag.add_node("b", op=conv(3, 4))
    dag.add_node("sum", op=Add())
    dag.add_node("pool", op=GlobalAvgPool())
    dag.add_edges_from([("image", "a"), ("image", "b"), ("a", "sum"), ("b", "sum"), ("sum", "pool")])
    graph = Graph.from_networkx(dag)
    assert graph.shapes()["pool"] == ((4,),)
    dag.nodes["sum"]["op"] = Concat()
    with pytest.raises(GraphError, match="needs them in order"):
        Graph.from_networkx(dag)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schema="nascli.graph/99"), "nascli.graph/99.*is not known here"),
        (lambda d: d["nodes"][1].update(op="conv9d"), "no op 'conv9d'; did you mean 'conv2d'"),
        (lambda d: d["nodes"][1].update(kernell=3), "no field 'kernell'"),
        (lambda d: d["nodes"][1].update(out_channels=10**9), "must be an integer from 1 to"),
        (lambda d: d["nodes"][1].update(out_channels="many"), "out_channels"),
        (lambda d: d["nodes"][1].pop("inputs"), "not well formed"),
        (lambda d: d["nodes"][1].update(inputs=[["sum", 0]]), "cycle"),
        (lambda d: d.update(nodes=3), "must be a list"),
        (lambda d: d.pop("outputs"), "not well formed"),
        (lambda d: d["nodes"][1].update(out_channels=True), "node 'stem': out_channels.*valid integer"),
        (lambda d: d["nodes"][1].update(out_channels="32"), "out_channels.*valid integer"),
        (lambda d: d["nodes"][1].update(out_channels=32.0), "out_channels.*valid integer"),
        (lambda d: d["nodes"][1].update(bias=1), "bias"),
        (lambda d: d["nodes"][1].update(op=["conv2d"]), "no op"),
        (lambda d: d["nodes"][1].update(name=3), "node name 3"),
        (lambda d: d["nodes"][1].update(stage=["a"]), "stage must be a text"),
        (lambda d: d["nodes"][1].update(block=True), "block must be a whole number"),
        (lambda d: d["nodes"][1].update(inputs=[["x", 0.0]]), "give .node name, output index"),
        (lambda d: d["nodes"][1].update(inputs=[["x", 1e400]]), "give .node name, output index"),
        (lambda d: d["nodes"][1].update(inputs=[["x", 7]]), "input 'x' has 1 outputs"),
        (lambda d: d["nodes"][1].update(width=3), "width must be a mapping"),
        (lambda d: d["nodes"][1].update(width={"origin": "free", "source": "y"}), "no width source 'y'"),
        (lambda d: d["nodes"][1].update(width={"origin": "derived"}), "no width source ''"),
        (lambda d: d["nodes"][1].update(width={"origin": "derived", "source": "x", "ratio": -5}), "ratio=-5"),
        (lambda d: d["nodes"][1].update(width={"origin": "derived", "source": "x", "ratio": "2"}), "ratio"),
        (lambda d: d["nodes"][3].update(rate=False), "rate"),
        (lambda d: d.update(outputs=[["sum", 5]]), "output node 'sum' has 1 outputs"),
        (lambda d: d.update(outputs=[["sum", 1e400]]), "give .node name, output index"),
        (lambda d: d.update(outputs="sum"), "give a list"),
        (lambda d: d.update(init="nope"), "no weight initialisation 'nope'"),
        (lambda d: d.update(init=["default"]), "no weight initialisation"),
        (lambda d: d.update(name=3), "name must be a text"),
        (lambda d: d.update(colour="red"), "no key 'colour'"),
    ],
)
def test_a_damaged_document_is_one_clear_line(change, message):
    document = json.loads(small().to_json())
    change(document)
    with pytest.raises((GraphError, FileError), match=message) as refusal:
        Graph.from_json(json.dumps(document))
    assert "\n" not in str(refusal.value)


def test_a_number_of_thousands_of_digits_is_not_read():
    with pytest.raises(FileError, match="thousands of digits") as refusal:
        Graph.from_json(small().to_json().replace('"out_channels": 4', f'"out_channels": {"9" * 5000}', 1))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (3, {"op": conv(3, 4), "inputs": ["image"]}, "node name 3"),
        ("a", {"op": conv(3, 4), "inputs": 3}, "inputs 3: give a list"),
        ("a", {"op": conv(3, 4), "inputs": [("image",)]}, r"node 'a': input \('image',\): give"),
        ("a", {"op": conv(3, 4), "inputs": [("image", "0")]}, "node 'a': input"),
        ("a", {"op": conv(3, 4), "inputs": ["image"], "stage": 3}, "stage"),
        ("a", {"op": "conv"}, "must be an op"),
    ],
)
def test_a_foreign_graph_that_is_none_is_one_clear_line(name, data, message):
    dag = nx.DiGraph()
    dag.add_node("image", op=Input((3, 8, 8)))
    dag.add_node(name, **data)
    with pytest.raises(GraphError, match=message) as refusal:
        Graph.from_networkx(dag)
    assert "\n" not in str(refusal.value)


def test_a_truncated_document_is_one_clear_line():
    text = small().to_json()
    with pytest.raises(FileError, match="is it cut off"):
        Graph.from_json(text[: len(text) // 2])


def test_a_graph_is_edited_by_replacing_nodes():
    graph = small()
    body = graph.nodes["body"]
    wider = graph.replace(Node("body", Conv2d(4, 4, (5, 5), padding=(2, 2)), body.inputs))
    assert cost(wider).params == cost(graph).params + 4 * 4 * (25 - 9)
    assert wider.digest() != graph.digest()
