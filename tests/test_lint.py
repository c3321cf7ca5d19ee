"""Lint says in words what is amiss with a graph that is well wired."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nas import zoo
from nas.errors import GraphError
from nas.graph import FREE, Graph, GraphBuilder, Node, Width
from nas.graph.ops import Activation, Add, Conv2d, Input, Split


def chain(*more: Node, outputs=(("b", 0),), **widths: Width) -> Graph:
    nodes = [Node("x", Input((3, 8, 8))), Node("a", Conv2d(3, 8), (("x", 0),)), Node("b", Conv2d(8, 4), (("a", 0),))]
    return Graph([*(replace(node, width=widths.get(node.name)) for node in nodes), *more], outputs)


def test_a_published_network_is_in_order(network):
    assert zoo.build(network).lint() == []


@pytest.mark.parametrize(
    ("graph", "finding"),
    [
        (chain(Node("c", Activation("relu"), (("a", 0),))), "node 'c': no output of the graph depends on it"),
        (chain(outputs=[("b", 0), ("b", 0)]), "output 'b', 0 stands twice among the outputs"),
        (chain(Node("c", Conv2d(5, 2), (("b", 0),)), outputs=[("c", 0)]), "node 'c': conv2d expects 5 channels"),
        (chain(a=Width("free", "y")), "node 'a': no width source 'y'"),
        (chain(a=Width("derived")), "node 'a': its width is derived, but from no source"),
        (chain(a=Width("derived", "a")), "node 'a': its width names the node itself"),
        (chain(b=Width("derived", "a", 0.25)), "node 'b': .* 0.25 × the 8 channels of 'a', which is 2; it has 4"),
        (
            chain(Node("c", Split((1, 3)), (("b", 0),)), outputs=[("c", 1)]),
            "node 'c': nothing reads its output 0",
        ),
    ],
)
def test_a_finding_names_its_node(graph, finding):
    found = graph.lint()
    assert len(found) == 1
    with pytest.raises(GraphError, match=finding):
        raise GraphError(found[0])
    assert "\n" not in found[0]


def test_every_misfit_is_told_once_and_what_reads_it_is_not():
    build = GraphBuilder((3, 8, 8))
    a = build.add(Conv2d(3, 4), build.input, name="a")
    b = build.add(Conv2d(3, 4), build.input, name="b")
    graph = build.graph([build.add(Add(), a, b, name="sum")])
    bad = graph.replace(replace(graph.nodes["a"], op=Conv2d(5, 4)), replace(graph.nodes["b"], op=Conv2d(6, 4)))
    assert [line.split(":")[0] for line in bad.lint()] == ["node 'a'", "node 'b'"]


def test_marks_that_hold_are_no_finding():
    assert chain(a=FREE, b=Width("derived", "a", 0.5)).lint() == []
