"""The graph: a network as a value that can be read, costed, compiled, scaled, drawn and stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from nas.errors import GraphError, unknown
from nas.graph.digest import canonical_digest
from nas.graph.document import read_graph, write_graph
from nas.graph.linting import findings
from nas.graph.node import Node, Ref, wire, wires
from nas.graph.op import Op, Shape, sizes
from nas.graph.ops import OPS, Input
from nas.graph.starts import known_start

if TYPE_CHECKING:
    import networkx as nx  # where it is used it is imported there: a tenth of a second that most commands do not need


class Graph:
    """A frozen network: nodes in the order in which they run, wired by `(node, output index)`.

    It has a `networkx.DiGraph` (`graph.dag`), whose edges are the derived view: a DiGraph drops
    parallel edges, so x · x is one edge there and two inputs here. `init` names how the family
    initialises its weights; `taps` says which map of each size its features are, the "last" or the "first" that a
    stage ends with; `name` is for people. Raises GraphError for anything that is no network.
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        outputs: Iterable[Ref],
        *,
        name: str = "",
        init: str = "default",
        taps: Literal["last", "first"] = "last",
    ) -> None:
        if not isinstance(name, str):
            raise GraphError(f"a graph's name must be a text, got {name!r}")
        if taps not in ("last", "first"):
            raise GraphError(unknown("taps", taps, ("last", "first")))
        self.name, self.init, self.taps = name, known_start(init), taps
        self.outputs: tuple[Ref, ...] = wires(outputs, "output")
        table: dict[str, Node] = {}
        for node in nodes:
            if node.name in table:
                raise GraphError(f"node {node.name!r} is there twice")
            table[node.name] = node
        _check_names(table)
        for node in table.values():
            for ref in node.inputs:
                _check_wire(ref, table, "input", f"node {node.name!r}: ")
        self.nodes: Mapping[str, Node] = _running_order(table)
        if not self.outputs:
            raise GraphError("a graph needs at least one output")
        for ref in self.outputs:
            _check_wire(ref, table, "output node")
        inputs = [node for node in self.nodes.values() if isinstance(node.op, Input)]
        if len(inputs) != 1:
            raise GraphError(f"a graph has exactly one input node, this one has {len(inputs)}")
        self.input = inputs[0]

    @property
    def input_shape(self) -> Shape:
        """The canonical shape (channels, height, width) of one image."""
        assert isinstance(self.input.op, Input)
        return self.input.op.shape

    @cached_property
    def dag(self) -> nx.DiGraph[str]:
        """The graph for networkx (read-only): node attribute "node"; edges run along the data."""
        import networkx as nx

        dag: nx.DiGraph[str] = nx.DiGraph(outputs=self.outputs, name=self.name, init=self.init, taps=self.taps)
        for name, node in self.nodes.items():
            dag.add_node(name, node=node)
            dag.add_edges_from((source, name) for source, _ in node.inputs)
        nx.freeze(dag)
        return dag

    @classmethod
    def from_networkx(cls, dag: nx.DiGraph[str]) -> Graph:
        """A graph from any DiGraph whose nodes carry "node" (a Node) or "op" (an Op) and "inputs".

        Without "inputs" a node takes its predecessors in the order of the edges, when it has at most
        one or is a sum or product. Outputs: `dag.graph["outputs"]`, else the sinks.
        """
        nodes = [_node_of(dag, name, data) for name, data in dag.nodes(data=True)]
        sinks = [(name, 0) for name in dag if dag.out_degree(name) == 0]
        about = dag.graph
        habits = {habit: about[habit] for habit in ("name", "init", "taps") if habit in about}
        return cls(nodes, about.get("outputs", sinks), **habits)

    def replace(self, *changed: Node) -> Graph:
        """A new graph in which each of the `changed` nodes takes the place of the one with its name."""
        table = dict(self.nodes)
        for node in changed:
            if node.name not in table:
                raise GraphError(unknown("node", node.name, table))
            table[node.name] = node
        return Graph(table.values(), self.outputs, name=self.name, init=self.init, taps=self.taps)

    def cut(self, outputs: Sequence[Ref] | None = None) -> Graph:
        """The part of the graph that these tensors need, which are its outputs (default: the first of its own)."""
        outputs = self.outputs[:1] if outputs is None else outputs
        needed = self.needed([self.input.name, *(name for name, _ in outputs)])
        kept = [node for name, node in self.nodes.items() if name in needed]
        return Graph(kept, outputs, name=self.name, init=self.init, taps=self.taps)

    def named(self, name: str) -> Graph:
        """The same graph under another name."""
        return Graph(self.nodes.values(), self.outputs, name=name, init=self.init, taps=self.taps)

    def needed(self, outputs: Iterable[str]) -> set[str]:
        """Names of the nodes that the `outputs` depend on, themselves included."""
        found: set[str] = set()
        stack = list(outputs)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(source for source, _ in self.nodes[name].inputs)
        return found

    def consumers(self) -> dict[str, list[str]]:
        """For each node the nodes that read it, once per read."""
        readers: dict[str, list[str]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            for source, _ in node.inputs:
                readers[source].append(node.name)
        return readers

    def shapes(self, input_shape: Shape | None = None) -> dict[str, tuple[Shape, ...]]:
        """Output shapes of every node, for one image of `input_shape` (default: the canonical one)."""
        image = self.input.op if input_shape is None else Input(sizes(input_shape, "input_shape"))
        shapes = {self.input.name: image.shapes()}
        for name, node in self.nodes.items():
            try:
                if node is not self.input:
                    shapes[name] = node.op.shapes(*[shapes[source][index] for source, index in node.inputs])
            except GraphError as error:
                asked, own = ("×".join(map(str, shape)) for shape in (image.shapes()[0], self.input_shape))
                where = "" if asked == own else f"an image of {asked} does not fit (the network's own is {own}): "
                raise GraphError(f"{where}node {name!r}: {error}") from None
        return shapes

    def lint(self) -> list[str]:
        """What is amiss, a line a finding: nodes that nothing reads, shapes that do not fit, width marks that lie."""
        return findings(self)

    @cached_property
    def params(self) -> int:
        """Trainable parameters."""
        return sum(node.op.params for node in self.nodes.values())

    def digest(self) -> str:
        """A hash that is equal for isomorphic graphs and different for others; names and rates do not count."""
        return canonical_digest(self.nodes, self.outputs)

    def to_json(self) -> str:
        """The graph as one JSON document."""
        return write_graph(self.nodes.values(), self.outputs, name=self.name, init=self.init, taps=self.taps)

    @classmethod
    def from_json(cls, text: str) -> Graph:
        """The graph of a JSON document; raises GraphError or FileError in one line for any other text."""
        nodes, outputs, about = read_graph(text, OPS)
        return cls(nodes, outputs, **about)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return (list(self.nodes.values()), self.outputs, self.name, self.init, self.taps) == (
            list(other.nodes.values()),
            other.outputs,
            other.name,
            other.init,
            other.taps,
        )

    def __hash__(self) -> int:
        return hash(self.digest())

    def __repr__(self) -> str:
        return f"Graph({self.name or 'unnamed'}: {len(self.nodes)} nodes, input {self.input_shape})"


def _check_wire(ref: Ref, table: Mapping[str, Node], what: str, where: str = "") -> None:
    """A wire leads to an output that is there."""
    source, index = wire(ref, where + what)
    if source not in table:
        raise GraphError(where + unknown(what, source, table))
    if not 0 <= index < table[source].op.results:
        raise GraphError(f"{where}{what} {source!r} has {table[source].op.results} outputs (from 0), not {index!r}")


def _check_names(table: Mapping[str, Node]) -> None:
    """Names are module paths, so none may be a module inside another's."""
    for shorter, longer in pairwise(sorted(name + "." for name in table)):
        if longer.startswith(shorter):
            raise GraphError(f"node name {longer[:-1]!r} lies inside node {shorter[:-1]!r}; rename one")


def _running_order(table: Mapping[str, Node]) -> dict[str, Node]:
    """The nodes in their given order where that respects the wires, else in the first order that does."""
    place = {name: index for index, name in enumerate(table)}
    if all(place[source] < place[name] for name, node in table.items() for source, _ in node.inputs):
        return dict(table)
    import networkx as nx

    dag: nx.DiGraph[str] = nx.DiGraph((source, name) for name, node in table.items() for source, _ in node.inputs)
    dag.add_nodes_from(table)
    try:
        return {name: table[name] for name in nx.lexicographical_topological_sort(dag, key=place.__getitem__)}
    except nx.NetworkXUnfeasible:
        cycle = " -> ".join(source for source, _ in nx.find_cycle(dag))
        raise GraphError(f"the graph has a cycle: {cycle}") from None


def _node_of(dag: nx.DiGraph[str], name: str, data: Mapping[str, Any]) -> Node:
    """The Node of one networkx node; its name there is its name here."""
    if isinstance(node := data.get("node"), Node) and node.name == name:
        return node
    op = data.get("op")
    if not isinstance(op, Op) or type(op) not in OPS.values():
        raise GraphError(f"node {name!r}: attribute 'op' must be an op of nas.graph.ops, got {op!r}")
    sources = data.get("inputs")
    if sources is None:
        sources = list(dag.predecessors(name))
        if len(sources) > 1 and op.kind not in ("add", "multiply"):
            raise GraphError(f"node {name!r}: a {op.kind} of several inputs needs them in order, as attribute 'inputs'")
    if not isinstance(sources, (list, tuple)):
        raise GraphError(f"node {name!r}: inputs {sources!r}: give a list of (node name, output index)")
    refs = tuple((s, 0) if isinstance(s, str) else wire(s, f"node {name!r}: input") for s in sources)
    return Node(name, op, refs, data.get("stage", ""), data.get("block"), data.get("width"))
