"""The compiler: from a graph to a `torch.fx.GraphModule` with nested submodules and a generated forward."""

from __future__ import annotations

import builtins
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from keyword import iskeyword
from operator import getitem
from typing import Literal

import torch
from torch import fx, nn

from nas.errors import GraphError, unknown
from nas.graph import Graph, Node, Ref
from nas.graph.ops import Dropout, StochasticDepth
from nas.graph.storage import batched, overwrites
from nas.graph.taps import tapped
from nas.initialising import auxiliary_ends, branch_ends, class_convs, init_rule, initialise, zero
from nas.layers import EXPRESSIONS, MODULES, PARAMETERS, Wire, takes_channels_last

MOST_PARAMS = 2 * 10**10  # 80 GB of float32: a bound on what a compile may allocate


def compile_graph(
    graph: Graph,
    *,
    out_indices: Sequence[int] | None = None,
    init: Literal["family", "none"] = "family",
    generator: torch.Generator | None = None,
) -> fx.GraphModule:
    """The graph as a module; submodules carry the node names, so a published state dict loads as it is.

    `out_indices` makes it a feature extractor that returns a list of maps (timm's meaning: 0 is the map of the smallest
    reduction, which is 2 or more; timm's VGGs begin with one of reduction 1). `init="none"` leaves the weights at zero,
    for cost or latency. Raises GraphError for a graph whose shapes do not fit.
    """
    if init not in ("family", "none"):
        raise GraphError(unknown("init", init, ("family", "none")))
    rule = init_rule(graph.init)
    if out_indices is not None:
        if isinstance(out_indices, int):
            raise GraphError(f"out_indices={out_indices}: give a list, such as ({out_indices},)")
        graph = tapped(graph, out_indices)
    if graph.params > MOST_PARAMS:
        raise GraphError(f"{graph.params:,} parameters; a compile allocates at most {MOST_PARAMS:,}")
    shapes = graph.shapes()
    # The modules are made inside what will be returned: a GraphModule made around them would copy each one's path.
    root, trace = fx.GraphModule(nn.Module(), fx.Graph(), _identifier(graph.name) or "GraphModule"), fx.Graph()
    trace._graph_namespace.create_name("self", None)  # no tensor may take the module's own name
    image = Wire(trace.placeholder(_argument(graph.input.name)), graph.input_shape, batched=True)
    values: dict[Ref, Wire] = {(graph.input.name, 0): image}
    inplace, many, paths = overwrites(graph, shapes), batched(graph), module_paths(graph.nodes)
    for name, node in graph.nodes.items():
        if node is graph.input:
            continue
        inputs = [values[ref] for ref in node.inputs]
        last = takes_channels_last(node.op, inputs)
        inputs = [wire.laid_out(trace, last) for wire in inputs]
        made = _emit(root, trace, node, paths[name], inputs, name in inplace)
        outputs = shapes[name]
        for index, shape in enumerate(outputs):
            tensor = made if len(outputs) == 1 else trace.call_function(getitem, (made, index))
            values[name, index] = Wire(tensor, shape, name in many, last)
    results = [values[ref].laid_out(trace, False).expanded(trace, image).node for ref in graph.outputs]
    trace.output(results if out_indices is not None or len(results) > 1 else results[0])
    trace.on_generate_code(_fetch_once)
    if init == "none":
        zero(root)
    else:
        special = ([paths[name] for name in found(graph)] for found in (branch_ends, class_convs, auxiliary_ends))
        initialise(root, rule, generator, *special)
    root.graph = trace
    return root


def _emit(root: nn.Module, trace: fx.Graph, node: Node, path: str, inputs: list[Wire], inplace: bool) -> fx.Node:
    """Add one node to the module tree, at `path`, and to the trace."""
    op, kind = node.op, type(node.op)
    if isinstance(op, (Dropout, StochasticDepth)) and op.rate == 0:
        return inputs[0].node
    if kind in MODULES:
        parent, leaf = _container(root, path)
        parent.add_module(leaf, MODULES[kind](op, inplace, inputs[0].shape))
        return trace.create_node("call_module", path, tuple(wire.node for wire in inputs), {})
    if kind in EXPRESSIONS:
        return EXPRESSIONS[kind](trace, op, inputs, inplace)
    if kind in PARAMETERS:
        parent, leaf = _container(root, path)
        parent.register_parameter(leaf, nn.Parameter(PARAMETERS[kind](op)))
        tensor, wanted = trace.get_attr(path), (1, *op.shapes()[0])
        stored = parent.get_parameter(leaf).shape
        return tensor if stored == wanted else trace.call_method("reshape", (tensor, wanted))
    raise GraphError(f"node {node.name!r}: {op.kind} has no torch twin in nas.layers")


def module_paths(names: Iterable[str]) -> dict[str, str]:
    """The submodule path of each node name, no two alike.

    Parts that Python or torch use otherwise get a _ behind them, and another where that is a neighbour's name.
    """
    names, below = list(names), defaultdict[str, dict[str, str]](dict)  # below: holder -> part of name -> part of path
    for name in names:
        holder = ""
        for part in name.split("."):
            below[holder][part] = part
            holder += f"{part}."
    for parts in below.values():
        for part in [part for part in parts if iskeyword(part) or part in _TAKEN]:
            while parts[part] in _TAKEN or iskeyword(parts[part]) or list(parts.values()).count(parts[part]) > 1:
                parts[part] += "_"
    paths = {}
    for name in names:
        found, holder = [], ""
        for part in name.split("."):
            found.append(below[holder][part])
            holder += f"{part}."
        paths[name] = ".".join(found)
    return paths


# Attributes that every module has, and the words of the generated code.
_TAKEN = frozenset(dir(fx.GraphModule(nn.Module(), fx.Graph()))) | {"self", "getattr"}


def _container(root: nn.Module, path: str) -> tuple[nn.Module, str]:
    """The module that holds `path` (made where missing) and the last part of the path."""
    *parents, leaf = path.split(".")
    for part in parents:
        inner = root._modules.get(part)
        if inner is None:
            root.add_module(part, inner := nn.Module())
        root = inner
    return root, leaf


def _identifier(name: str) -> str:
    return re.sub(r"\W|^(?=\d)", "_", name)


def _argument(name: str) -> str:
    """The name of forward's argument, unlike any word that its code uses."""
    name = _identifier(name)
    return f"{name}_" if iskeyword(name) or name in _WORDS else name


_WORDS = frozenset(dir(builtins)) | {"self", "torch", "device", "inf", "nan", "fx_pytree", "pytree"}


# A call of a nested module as fx writes it: `= getattr(getattr(self.features, "0"), "1")(`.
_CALLEE = re.compile(r'= ((?:getattr\()*self\b[\w.]*(?:, "[\w-]+"\)[\w.]*)*)\(')


def _fetch_once(_: object) -> Callable[[list[str]], list[str]]:
    return _with_fetched_containers


def _with_fetched_containers(lines: list[str]) -> list[str]:
    """Rewrite the generated forward so that it looks each container up once, not once per module call.

    Every `getattr` on a module is a failed look-up followed by a search; nested names made this 7 % of a
    small network's time.
    """
    fetched: dict[tuple[str, ...], str] = {}
    rewritten: list[str] = []
    prefix, text = "_in", "".join(lines)
    while re.search(rf"\b{prefix}\d", text):  # a tensor of that name
        prefix = f"_{prefix}"

    def modules_of(path: tuple[str, ...]) -> str:
        if path not in fetched:
            holder = f'{modules_of(path[:-1])}["{path[-1]}"]' if path else "self"
            fetched[path] = f"{prefix}{len(fetched)}"
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
