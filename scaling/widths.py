"""Which channel counts of a graph must stay equal, and what each becomes when the free ones are multiplied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from nas.errors import ScaleError
from nas.graph import Graph, Shape
from nas.graph.node import Node, Ref
from nas.graph.op import channel_axis
from nas.graph.ops import Conv2d, Input, Linear, Split
from nas.rounding import Rounding
from scaling.repeats import WAY_OUT

Free: TypeAlias = Literal["marked", "all"]
Parts: TypeAlias = tuple[int, ...]  # the channels of one tensor, as consecutive groups


class Widths:
    """Groups of equal channel counts, found by following the channels through the graph.

    A group starts where an op makes channels; sums, products, depthwise convolutions and pointwise ops carry
    groups on and unite them; a concatenation is a sequence of groups; a split cuts one; a mixing op makes one group
    that is the sum of its input's.
    """

    def __init__(self, graph: Graph, shapes: Mapping[str, tuple[Shape, ...]], free: Free) -> None:
        self.nodes, self._shapes = graph.nodes, shapes
        self._parent: list[int] = []
        self._base: list[int] = []  # channels before scaling
        self._makers: list[list[Node]] = []  # the nodes that make a group's channels
        self._sums: dict[int, Parts] = {}  # a group that must be as wide as others together
        self._shares: dict[int, tuple[int, Node]] = {}  # a group that is a share of another: (whole, what cuts it)
        self._fixed: set[int] = set()
        self._parts: dict[Ref, Parts] = {}
        for node in graph.nodes.values():
            self._follow(node)
        for ref in graph.outputs:  # classes stay; what a mark says of an output (a backbone's features) holds
            roots = {self._root(part) for part in self._parts[ref]}
            self._fixed |= {root for root in roots if not any(node.width for node in self._makers[root])}
        self._free = free
        if free == "marked" and not any(node.width and node.width.origin == "free" for node in graph.nodes.values()):
            raise ScaleError(
                "no width of this graph is marked as free; to scale every width, say free='all' (--free all)"
            )

    # -- following the channels -----------------------------------------------------------------------------

    def _group(self, channels: int, maker: Node | None = None) -> int:
        self._parent.append(len(self._parent))
        self._base.append(channels)
        self._makers.append([maker] if maker else [])
        return len(self._parent) - 1

    def _root(self, group: int) -> int:
        while self._parent[group] != group:
            self._parent[group] = group = self._parent[self._parent[group]]
        return group

    def _follow(self, node: Node) -> None:
        sources = [self._parts[ref] for ref in node.inputs]
        outputs = self._shapes[node.name]
        flow = "makes" if node.width is not None else node.op.flow
        axis = getattr(node.op, "axis", None)
        if flow in ("concatenates", "splits") and axis != channel_axis(self._shape(node.inputs[0])):
            flow = "joins" if flow == "concatenates" else "keeps"
        if flow == "concatenates":
            found = [tuple(part for source in sources for part in source)]
        elif flow == "splits":
            found = self._cut(sources[0], node)
        elif flow in ("keeps", "joins"):
            wide = [s for s, ref in zip(sources, node.inputs, strict=True) if self._channels(self._shape(ref)) > 1]
            found = [(wide or sources)[0]] * len(outputs)
            for other in wide[1:] if flow == "joins" else ():
                self._unite(wide[0], other, node)
        else:
            found = [(self._group(self._channels(shape), node),) for shape in outputs]
            if flow == "mixes":  # where each group of channels went is not followed: one group as wide as all
                self._sums |= {parts[0]: sources[0] for parts in found}
            if flow == "reshapes" or isinstance(node.op, Input):
                self._fixed |= {parts[0] for parts in found}
        self._parts |= {(node.name, index): parts for index, parts in enumerate(found)}

    def _shape(self, ref: Ref) -> Shape:
        return self._shapes[ref[0]][ref[1]]

    @staticmethod
    def _channels(shape: Shape) -> int:
        return shape[channel_axis(shape)]

    def _width(self, parts: Parts) -> int:
        return sum(self._base[part] for part in parts)

    def _cut(self, parts: Parts, node: Node) -> list[Parts]:
        """The parts of a split: whole groups where the cuts fall between groups, else shares of one group."""
        assert isinstance(node.op, Split)
        found, rest = [], list(parts)
        for size in node.op.sizes:
            taken: list[int] = []
            while rest and self._width((*taken, rest[0])) <= size:
                taken.append(rest.pop(0))
            if self._width(tuple(taken)) != size:
                break
            found.append(tuple(taken))
        if len(found) == len(node.op.sizes):
            return found
        if len(parts) > 1:
            raise ScaleError(f"node {node.name!r}: its cuts fall inside concatenated channels; {WAY_OUT}")
        shares = [self._group(size) for size in node.op.sizes]
        self._shares |= dict.fromkeys(shares, (parts[0], node))
        return [(share,) for share in shares]

    def _unite(self, one: Parts, other: Parts, node: Node) -> None:
        if len(one) == len(other):
            for a, b in zip(one, other, strict=True):
                if self._base[a] != self._base[b]:
                    break
                self._join(self._root(a), self._root(b))
            else:
                return
        single, several = sorted((one, other), key=len)
        if len(single) != 1:
            raise ScaleError(f"node {node.name!r}: cannot tell how its channels correspond; {WAY_OUT}")
        self._sums[single[0]] = several

    def _join(self, a: int, b: int) -> None:
        if a != b:
            self._parent[b] = a
            self._makers[a] += self._makers[b]

    # -- what they become -----------------------------------------------------------------------------------

    def scaled(self, factor: float, rule: Rounding) -> dict[Ref, tuple[int, ...]]:
        """The new channels of every tensor, as counts of its groups; free groups × `factor`, rounded once."""
        self._roots = {group: self._root(group) for group in range(len(self._parent))}
        sizes: dict[int, int] = {}
        fixed = {self._roots[group] for group in self._fixed}
        sums = {self._roots[group]: parts for group, parts in self._sums.items()}
        shares = {self._roots[group]: share for group, share in self._shares.items()}

        def size(group: int, asked: tuple[int, ...] = ()) -> int:
            root = self._roots[group]
            if root not in sizes:
                if root in asked:
                    raise ScaleError(f"a width is derived from itself; {WAY_OUT}")
                sizes[root] = decided(root, (*asked, root))
            return sizes[root]

        def decided(root: int, asked: tuple[int, ...]) -> int:
            base, makers = self._base[root], self._makers[root]
            marks = [node.width for node in makers if node.width is not None]
            if root in fixed:
                return base
            if root in sums:
                return sum(size(part, asked) for part in sums[root])
            if root in shares and not marks:  # a gate's shares are as wide as the marked maps that they multiply
                whole, cut = shares[root]
                new, old = size(whole, asked), self._base[whole]
                if new * base % old:
                    place = f"{cut.stage}, " if cut.stage else ""
                    raise ScaleError(
                        f"{place}node {cut.name!r}: {new} channels cannot be split as {base} of {old} were; {WAY_OUT}"
                    )
                return new * base // old
            derived = next((mark for mark in marks if mark.origin == "derived"), None)
            if any(mark.origin == "free" for mark in marks):
                return self._free_width(base, factor, rule, makers)
            if derived is not None:
                whole, less = (
                    sum(size(part, asked) for part in self._parts[name, 0]) if name else 0
                    for name in (derived.source, derived.less)
                )
                return derived.channels(whole, less)
            layers = any(isinstance(node.op, (Conv2d, Linear)) for node in makers)
            return self._free_width(base, factor, rule, makers) if self._free == "all" and layers else base

        return {ref: tuple(size(part) for part in parts) for ref, parts in self._parts.items()}

    def _free_width(self, base: int, factor: float, rule: Rounding, makers: list[Node]) -> int:
        keeps = factor < 1 and not rule.head_shrinks and any(node.stage == "head" for node in makers)
        return base if keeps else rule.channels(base * factor)
