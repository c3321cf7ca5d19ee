"""The graph language: ops, graphs, their cost, their digest and their JSON. No torch, no optuna, no scipy."""

from nas.graph.builder import GraphBuilder, Value
from nas.graph.costing import Cost, Share, cost
from nas.graph.graph import Graph
from nas.graph.node import FREE, Node, Ref, Width
from nas.graph.op import Op, Pair, Shape
from nas.graph.ops import OPS

__all__ = [
    "FREE",
    "OPS",
    "Cost",
    "Graph",
    "GraphBuilder",
    "Node",
    "Op",
    "Pair",
    "Ref",
    "Shape",
    "Share",
    "Value",
    "Width",
    "cost",
]
