"""The compiler: from a graph to a `torch.fx.GraphModule` with nested submodules and a generated forward."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from keyword import iskeyword
from operator import getitem
from typing import Literal

import torch
from torch import fx, nn

from nas.errors import GraphError
from nas.graph import Graph, Node
from nas.graph.ops import Dropout, StochasticDepth
from nas.graph.storage import overwrites
from nas.graph.taps import tapped
from nas.initialising import init_rule, initialise
from nas.layers import EXPRESSIONS, MODULES, PARAMETERS

MOST_PARAMS = 2 * 10**10  # 80 GB of float32: a bound on what a compile may allocate


def compile_graph(
    graph: Graph,
    *,
    out_indices: Sequence[int] | None = None,
    init: Literal["family", "none"] = "family",
    generator: torch.Generator | None = None,
) -> fx.GraphModule:
    """The graph as a module; submodules carry the node names, so a published state dict loads as it is.

    `out_indices` makes it a feature extractor that returns a list of maps (timm's meaning: 0 is the map
    of the smallest reduction). `init="none"` leaves the weights at zero, for cost or latency. Raises
    GraphError for a graph whose shapes do not fit.
    """
    rule = init_rule(graph.init)
    if out_indices is not None:
        graph = tapped(graph, out_indices)
    if graph.params > MOST_PARAMS:
        raise GraphError(f"{graph.params:,} parameters; a compile allocates at most {MOST_PARAMS:,}")
    shapes = graph.shapes()
    root, trace = nn.Module(), fx.Graph()
    values: dict[tuple[str, int], fx.Node] = {}
    inplace = overwrites(graph, shapes)
    for name, node in graph.nodes.items():
        inputs = [values[ref] for ref in node.inputs]
        made = _emit(root, trace, node, inputs, name in inplace)
        outputs = shapes[name]
        for index in range(len(outputs)):
            values[name, index] = made if len(outputs) == 1 else trace.call_function(getitem, (made, index))
    results = [values[ref] for ref in graph.outputs]
    trace.output(results if out_indices is not None or len(results) > 1 else results[0])
    trace.on_generate_code(_fetch_once)
    _materialise(root)
    if init == "family":
        initialise(root, rule, generator)
    return fx.GraphModule(root, trace, class_name=_identifier(graph.name) or "GraphModule")


def _emit(root: nn.Module, trace: fx.Graph, node: Node, inputs: list[fx.Node], inplace: bool) -> fx.Node:
    """Add one node to the module tree and to the trace."""
    op, kind, path = node.op, type(node.op), module_path(node.name)
    if isinstance(op, (Dropout, StochasticDepth)) and op.rate == 0:
        return inputs[0]
    if kind in MODULES:
        parent, leaf = _container(root, path)
        parent.add_module(leaf, MODULES[kind](op, inplace))
        return trace.call_module(path, tuple(inputs))
    if kind in EXPRESSIONS:
        return EXPRESSIONS[kind](trace, op, inputs, inplace)
    if kind in PARAMETERS:
        parent, leaf = _container(root, path)
        parent.register_parameter(leaf, nn.Parameter(PARAMETERS[kind](op)))
        return trace.get_attr(path)
    if not inputs:
        return trace.placeholder(_identifier(node.name))
    raise GraphError(f"node {node.name!r}: {op.kind} has no torch twin in nas.layers")


def module_path(name: str) -> str:
    """The submodule path of a node name: parts that Python or torch use otherwise get a _ behind them."""
    return ".".join(f"{part}_" if iskeyword(part) or part in _TAKEN else part for part in name.split("."))


# Attributes that every module has, and the words of the generated code.
_TAKEN = frozenset(dir(fx.GraphModule)) | frozenset(vars(nn.Module())) | {"self", "getattr", "graph", "code"}


def _container(root: nn.Module, path: str) -> tuple[nn.Module, str]:
    """The module that holds `path` (made where missing) and the last part of the path."""
    *parents, leaf = path.split(".")
    for part in parents:
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root.get_submodule(part)
    return root, leaf


def _identifier(name: str) -> str:
    return re.sub(r"\W|^(?=\d)", "_", name)


def _materialise(root: nn.Module) -> None:
    """Give the weights that were made without storage (to skip torch's initialisation) zeros."""
    for module in root.modules():
        for name, weight in list(module.named_parameters(recurse=False)):
            if weight.is_meta:
                setattr(module, name, nn.Parameter(torch.zeros(weight.shape)))


# A call of a nested module as fx writes it: `= getattr(getattr(self.features, "0"), "1")(`.
_CALLEE = re.compile(r'= ((?:getattr\()*self[\w.]*(?:, "[\w-]+"\)[\w.]*)*)\(')


def _fetch_once(_: object) -> Callable[[list[str]], list[str]]:
    return _with_fetched_containers


def _with_fetched_containers(lines: list[str]) -> list[str]:
    """Rewrite the generated forward so that it looks each container up once, not once per module call.

    Every `getattr` on a module is a failed look-up followed by a search; nested names made this 7 % of a
    small network's time.
    """
    fetched: dict[tuple[str, ...], str] = {}
    rewritten: list[str] = []

    def modules_of(path: tuple[str, ...]) -> str:
        if path not in fetched:
            holder = f'{modules_of(path[:-1])}["{path[-1]}"]' if path else "self"
            fetched[path] = f"_in{len(fetched)}"
            rewritten.append(f"{fetched[path]} = {holder}._modules\n")
        return fetched[path]

    for line in lines:
        if match := _CALLEE.search(line):
            *parents, leaf = [word for word in re.findall(r"[\w-]+", match[1]) if word not in ("getattr", "self")]
            call = f'= {modules_of(tuple(parents))}["{leaf}"]('
            rewritten.append(line[: match.start()] + call + line[match.end() :])
        else:
            rewritten.append(line)
    return rewritten
