"""The network's own class: stem, stages and head under the names of its state dict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from nas.export.code.classes import body
from nas.export.code.group import ENTRY, Group, Use, Value, common, first_number
from nas.export.code.layout import Argument
from nas.export.code.maker import Library, Maker
from nas.export.code.ops import MODULES
from nas.export.code.scope import Scope
from nas.export.code.text import class_text
from nas.export.code.tree import grow
from nas.export.recording import Block, Recording
from nas.graph import Op, Shape
from nas.graph.ops import Input
from nas.networks import Network


@dataclass(frozen=True, slots=True)
class Placed(Op):
    """A block of the table, as one node of the network; one that is no module stands as `span` layers."""

    kind: ClassVar[str] = "block"

    stage: int
    number: int
    span: int = 1
    whole: bool = True

    def shapes(self, *inputs: Shape) -> tuple[Shape, ...]:
        raise NotImplementedError


def placed(m: Maker, use: Use) -> Argument:
    """Where `build_stages` has the block."""
    op: Any = use.op
    return f"{'' if op.whole else '*'}stages[{op.stage - 1}][{op.number}]"


MODULES[Placed] = placed


def network_class(recording: Recording, name: str, network: Network, library: Library, begins: bool) -> str:
    """The text of the network's class; its stages are built from the width that they begin with, or know it."""
    graph = recording.graph
    group = whole(recording)
    scope = Scope([{"in_chans": network.in_chans, "num_classes": network.num_classes}], literal_first=True)
    m = Skeleton(group, scope, library, [True], library.same, symbols={ENTRY: "in_chans"})
    m.repeats = tuple(row.repeats for row in network.architecture.stages) if network.architecture else ()
    text = body(m, grow(list(group.uses.values())), [ENTRY], list(group.results))
    first = recording.blocks[0]
    source, index = first.source
    width = recording.shapes[source][index][0]
    inputs = (
        "" if not begins else "in_chans" if width == network.in_chans and source == graph.input.name else str(width)
    )
    takes = [f"num_classes: int = {network.num_classes}"] * ("num_classes" in scope.used)
    takes = [f"in_chans: int = {network.in_chans}"] * ("in_chans" in scope.used or inputs == "in_chans") + takes
    doc = f"The network of STAGES, for images of {'×'.join(map(str, graph.input_shape))}."
    return class_text(name, "nn.Module", doc, takes, text, [f"stages = build_stages({inputs})"])


def whole(recording: Recording) -> Group:
    """The network as a group of one, its blocks as nodes."""
    inside = {node.name: block for block in recording.blocks for node in block.nodes}
    uses: dict[str, Use] = {}

    def value(name: str, index: int) -> Value:
        if name == recording.graph.input.name:
            return ENTRY
        if (block := inside.get(name)) is not None:
            return block_role(block), 0
        return role(name), index

    def role(name: str) -> str:
        return "fc" if recording.roles.get(name) == "fc" else name

    for name, node in recording.graph.nodes.items():
        if isinstance(node.op, Input):
            continue
        if (block := inside.get(name)) is not None:
            if block_role(block) not in uses:
                uses[block_role(block)] = _placed(recording, block, value(*block.source))
            continue
        uses[role(name)] = Use(
            role(name),
            [node.op],
            [tuple(name.split("."))],
            [tuple(value(*ref) for ref in node.inputs)],
            [node.width],
            [recording.shapes[name]],
        )
    results = [value(*ref) for ref in recording.graph.outputs]
    return Group(1, uses, results, [recording.graph.input_shape], [{}])


def block_role(block: Block) -> str:
    """How a block is called among the network's nodes."""
    return f"block {block.stage} {block.number}"


def _placed(recording: Recording, block: Block, source: Value) -> Use:
    if block.whole:
        path, op = tuple(block.prefix.split(".")), Placed(block.stage, block.number)
    else:
        holder, first = common(block), first_number(block)
        below = {node.name.removeprefix(f"{holder}.").split(".")[0] for node in block.nodes}
        path = (*holder.split("."), str(first))
        op = Placed(block.stage, block.number, len({name for name in below if name.isdecimal()}), False)
    return Use(
        block_role(block), [op], [path], [(source,)], [None], [(recording.shapes[block.output[0]][block.output[1]],)]
    )


class Skeleton(Maker):
    """The maker of the network's class, which tells runs of blocks at once."""

    repeats: tuple[int, ...] = ()

    def compact(self, calls: list[Argument]) -> list[Argument]:
        found: list[Argument] = []
        for call in calls:
            found.append(call)
            for stage, times in enumerate(self.repeats):
                for star in ("", "*"):
                    row = [f"{star}stages[{stage}][{number}]" for number in range(times)]
                    if [str(one) for one in found[-times:]] == row and (not star or times > 1):
                        told = "(layer for block in {0} for layer in block)" if star else "{0}"
                        found[-times:] = ["*" + told.format(f"stages[{stage}]")]
        for text, told in (
            ("nn.Sequential(*stages[{0}])", "*(nn.Sequential(*stage) for stage in {0})"),
            ("*stages[{0}]", "*(block for stage in {0} for block in stage)"),
        ):
            found = self._runs(found, text, told)
        return found

    def named(self, names: list[str], calls: list[Argument]) -> Argument | None:
        start = re.fullmatch(r"(.*?)(\d+)", names[0])
        if start is None or len(names) == 1:
            return None
        prefix, first = start[1], int(start[2])
        if names != [f"{prefix}{first + number}" for number in range(len(names))]:
            return None
        for stage, times in enumerate(self.repeats):
            if [str(call) for call in calls] == [f"stages[{stage}][{number}]" for number in range(times)]:
                count = f"enumerate(stages[{stage}]{f', start={first}' * bool(first)})"
                return f'OrderedDict((f"{prefix}{{n}}", block) for n, block in {count})'
        return None

    def _runs(self, calls: list[Argument], text: str, told: str) -> list[Argument]:
        """Rows that follow one another, as one."""
        found: list[Argument] = []
        at = 0
        while at < len(calls):
            first = next((n for n in range(len(self.repeats)) if str(calls[at]) == text.format(n)), None)
            last = at
            if first is not None:
                while last + 1 < len(calls) and str(calls[last + 1]) == text.format(first + last + 1 - at):
                    last += 1
            if first is None or last == at:
                found.append(calls[at])
            else:
                every = first == 0 and last - at + 1 == len(self.repeats)
                found.append(told.format("stages" if every else f"stages[{first}:{first + last - at + 1}]"))
            at = last + 1
        return found
