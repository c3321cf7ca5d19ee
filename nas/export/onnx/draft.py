"""An ONNX graph under construction: nodes and constants, named after the node of the network that needs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, helper, numpy_helper

from nas.graph import Shape


class Value(NamedTuple):
    """A tensor of the model, and its shape for one image. What follows from parameters alone is not `batched`: its
    batch axis is 1."""

    name: str
    shape: Shape
    batched: bool


class Draft:
    """Collects nodes, and puts constants into `graph`: they are large, and the packers of `onnx.helper` copy what they
    are given. `begin` says which node of the network the next ones are for."""

    def __init__(self, image: str, graph: GraphProto) -> None:
        self.nodes: list[NodeProto] = []
        self._constants = graph.initializer
        self._kinds: dict[str, str] = {}
        self._image, self._at, self._made, self._batch = image, "", 0, ""

    def begin(self, node: str) -> None:
        """What follows is for this node of the network."""
        self._at, self._made = node, 0

    def fresh(self) -> str:
        """A name for a tensor that no node of the network has: theirs hold no /."""
        self._made += 1
        return f"{self._at}/{self._made}"

    def add(self, kind: str, *inputs: str, out: str | Sequence[str] = "", **attributes: Any) -> str:
        """Add an ONNX operator; the name of its first output."""
        outputs = [out or self.fresh()] if isinstance(out, str) else list(out)
        self._kinds |= dict.fromkeys(outputs, kind)
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, name=f"{outputs[0]}/{kind}", **attributes))
        return outputs[0]

    def kind_of(self, tensor: str) -> str:
        """The operator that makes a tensor; "" for the image and constants."""
        return self._kinds.get(tensor, "")

    def constant(self, array: NDArray[Any], name: str = "") -> str:
        """Add a constant; its name."""
        name = name or self.fresh()
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def whole(self, *numbers: int) -> str:
        """A constant list of whole numbers, such as a shape."""
        return self.constant(np.array(numbers, dtype=np.int64))

    def number(self, value: float) -> str:
        """A constant number."""
        return self.constant(np.array(value, dtype=np.float32))

    def reshape(self, tensor: str, *shape: int, out: str = "") -> str:
        """The tensor in another shape for one image; the batch stays as it is."""
        return self.add("Reshape", tensor, self.whole(0, *shape), out=out)

    def expanded(self, value: Value, like: Value, out: str = "") -> Value:
        """The tensor repeated to the batch of the image, where `like` has one."""
        if value.batched or not like.batched:
            return value
        if not self._batch:
            shape = self.add("Shape", self._image, out="/shape")
            first = self.constant(np.zeros(1, dtype=np.int64), "/first")
            self._batch = self.add("Gather", shape, first, out="/images", axis=0)
        ones = [1] * len(value.shape)
        wanted = self.add("Concat", self._batch, self.whole(*ones), axis=0)
        return Value(self.add("Expand", value.name, wanted, out=out), value.shape, True)
