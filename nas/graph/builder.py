"""Building a graph node by node: each addition infers its shape at once, so a misfit shows where it is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from nas.errors import GraphError
from nas.graph.graph import Graph
from nas.graph.node import Node, Ref, Width
from nas.graph.op import Op, Shape
from nas.graph.ops import Input


class Value(NamedTuple):
    """One tensor of a graph under construction: which output of which node, and its shape for one image."""

    node: str
    output: int
    shape: Shape

    @property
    def channels(self) -> int:
        """Size of the channel axis (the first)."""
        return self.shape[0]

    @property
    def ref(self) -> Ref:
        """The wire to this tensor."""
        return (self.node, self.output)


class GraphBuilder:
    """Collects nodes in running order. `stage` and `block` label the nodes added from then on."""

    def __init__(self, input_shape: Shape, *, input_name: str = "x") -> None:
        self.stage, self.block = "", None  # type: str, int | None
        self._nodes: dict[str, Node] = {}
        self.input = self.add(Input(input_shape), name=input_name)

    def add_multi(self, op: Op, *inputs: Value, name: str, width: Width | None = None) -> tuple[Value, ...]:
        """Add a node and return all its outputs."""
        if name in self._nodes:
            raise GraphError(f"node {name!r} is there twice")
        try:
            shapes = op.shapes(*[value.shape for value in inputs])
        except GraphError as error:
            raise GraphError(f"node {name!r}: {error}") from None
        self._nodes[name] = Node(name, op, tuple(value.ref for value in inputs), self.stage, self.block, width)
        return tuple(Value(name, index, shape) for index, shape in enumerate(shapes))

    def add(self, op: Op, *inputs: Value, name: str, width: Width | None = None) -> Value:
        """Add a node and return its first output."""
        return self.add_multi(op, *inputs, name=name, width=width)[0]

    def graph(
        self,
        outputs: Sequence[Value],
        *,
        name: str = "",
        init: str = "default",
        taps: Literal["last", "first"] = "last",
    ) -> Graph:
        """The finished graph."""
        return Graph(self._nodes.values(), [value.ref for value in outputs], name=name, init=init, taps=taps)
