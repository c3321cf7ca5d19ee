"""Making a class: its constructor out of what its blocks have in common, and its forward out of what reads what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any, Protocol

from nas.export.code.group import ENTRY, Group, NoCommonForm, Use, Value
from nas.export.code.layout import Argument
from nas.export.code.scope import FIXED, Mark, Numbers, Scope
from nas.export.code.tree import Item, Wiring
from nas.graph.ops import Conv2d, Parameter

RESIDUAL, RESHAPED = "stride == 1 and inputs == channels", "stride > 1 or inputs != channels"


class Library(Protocol):
    """The other classes of the file."""

    same: bool  # whether the network pads as TensorFlow does

    def needs(self, name: str) -> str:
        """Note that a class or function of ours is used; its name."""

    def layers(self, names: tuple[str, ...], act: str, norm: str) -> str:
        """The class of a convolution with norm and activation whose parts have those names."""

    def part(self, item: Item, parameters: Sequence[str], body: list[str]) -> str:
        """The class of a part of a block; its name."""


@dataclass
class Maker:
    """What the ops' writers ask: numbers of the class under construction as its constructor says them."""

    group: Group
    scope: Scope
    library: Library
    active: list[bool]
    same: bool = False  # whether the network pads as TensorFlow does
    kept: dict[str, str] = field(default_factory=dict)  # attribute -> expression, what forward needs of the constructor
    symbols: dict[Value, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wiring = Wiring(self.group)

    def compact(self, calls: list[Argument]) -> list[Argument]:
        """What a Sequential lists, in fewer words where there are any."""
        return calls

    def named(self, names: list[str], calls: list[Argument]) -> Argument | None:
        """What a Sequential with names lists, in fewer words where there are any."""
        return None

    def ops(self, use: Use) -> list[Any]:
        """The ops of a node in the blocks that count."""
        return [op if active else None for op, active in zip(use.ops, self.active, strict=True)]

    def needs(self, name: str) -> str:
        """Note a class as used."""
        return self.library.needs(name)

    def rank(self, use: Use) -> int:
        """How many axes the first input has, for one image."""
        block = use.there.index(True)
        inputs = use.inputs[block]
        assert inputs is not None
        return len(self.group.shape(inputs[0], block))

    def number(self, wanted: Numbers, near: Sequence[str] = (), *, keep: bool = False) -> str:
        """A number, or any value; with `keep` as an attribute, for forward."""
        found = self.scope.number(wanted, near)
        if found is None:
            raise NoCommonForm
        return self._kept("factor", found) if keep else found

    def size(self, use: Use, wanted: Numbers, *, keep: bool = False) -> str:
        """A count of channels that is no convolution's."""
        found = self.scope.channels(wanted, [], None, "part")
        if found is None:
            raise NoCommonForm
        return self._kept("size", found) if keep else found

    def _kept(self, name: str, expression: str) -> str:
        if re.fullmatch(r"-?[\d.e-]+", expression):
            return expression
        for known, told in self.kept.items():
            if told == expression:
                return f"self.{known}"
        if re.fullmatch(r"[a-z_]\w*", expression):
            name = expression
        fresh, number = name, 2
        while fresh in self.kept:
            fresh, number = f"{name}{number}", number + 1
        self.kept[fresh] = expression
        return f"self.{fresh}"

    def pair(self, use: Use, key: str, near: Sequence[str] = ()) -> str:
        """A (height, width) as one number where the two are equal."""
        pairs = [op and getattr(op, key) for op in self.ops(use)]
        if all(pair is None or pair[0] == pair[1] for pair in pairs):
            return self.number([pair and pair[0] for pair in pairs], near)
        return self.number(pairs)

    def padding(self, use: Use, kernel: str, dilation: str) -> str:
        """A padding: half the kernel, where that changes from block to block."""
        pairs = [op and op.padding for op in self.ops(use)]
        if not all(pair is None or pair[0] == pair[1] for pair in pairs):
            return self.number(pairs)
        wanted = [pair and pair[0] for pair in pairs]
        half = f"{kernel} // 2" if dilation == "1" else f"{dilation} * ({kernel} // 2)"
        if kernel.isidentifier() and (found := self.scope.fit(wanted, [half])):
            return found
        return self.number(wanted)

    def stride_names(self) -> list[str]:
        """What a stride may be called: the block's, also that of a layer that has it where another is missing."""
        own = [name for name in self.scope.columns if name not in FIXED]
        return ["stride", *(f"1 if {name} > 0 else stride" for name in own)]

    def group_names(self, read: str) -> list[str]:
        """What the number of groups may be called."""
        columns = [name for name in self.scope.columns if name not in FIXED]
        found = [f"{read} // {c}" for c in columns if "width" in c] + [c for c in columns if "groups" in c]
        return [*found, *(f"{a} * {b}" for a in columns for b in columns if a < b and "cardinality" in (a, b))]

    def width_read(self, use: Use, wanted: Numbers) -> str:
        """The channels of a node's input."""
        near = dict.fromkeys(
            self.symbols[inputs[0]] for inputs in use.inputs if inputs is not None and inputs[0] in self.symbols
        )
        return self._width(wanted, [*near], None, "width")

    def width_made(self, use: Use, wanted: Numbers) -> str:
        """The channels that a layer makes."""
        near: list[str] = ["num_classes"] * (use.role == "fc" and "num_classes" in self.scope.rows[0])
        marks = [mark for mark in use.widths if mark is not None]
        op = use.op
        if isinstance(op, Conv2d) and op.depthwise and op.groups > 1:
            return self.width_read(use, wanted)
        first = use.role.partition(".")[0]
        name = "squeezed" if first in ("se", "attention") else "inner"
        if not marks or marks[0].origin == "free":
            if use.role.endswith("expand"):  # of a squeeze, back to what it scales
                near += [self.symbols[v] for v in self._scaled(use) if v in self.symbols]
            return self._width(wanted, [*near, "channels"] if "channels" in self.scope.rows[0] else near, None, name)
        source = self._source_width(use)
        mark = None if source is None else Mark(use.role, source, use.widths)
        return self._width(wanted, near, mark, name)

    def _scaled(self, use: Use) -> Iterator[Value]:
        """What the pooling reads whose squeeze this widens again."""
        pool = self.group.uses.get(f"{use.role.rpartition('.')[0]}.pool")
        for inputs in pool.inputs if pool else ():
            if inputs is not None:
                yield inputs[0]

    def _source_width(self, use: Use) -> str | None:
        """The channels from which a width is derived."""
        wanted: list[int | None] = []
        roles: set[str | None] = set()
        for block, mark in enumerate(use.widths):
            if mark is None:
                wanted.append(None)
                continue
            role = self.group.source(mark.source, block)
            wanted.append(self.group.shape((role, 0) if role else ENTRY, block)[0])
            roles.add(role)
        near = [name for value, name in self.symbols.items() if value[0] in roles]
        fixed = ("inputs", "channels") if roles == {None} else ("channels", "inputs")
        names = [n for n in (*near, *fixed, *self.scope.locals) if n in self.scope.rows[0]]
        used = set(self.scope.used)
        found = self.scope.fit(wanted, names)
        self.scope.used = used
        if found is not None or len(roles) > 1:
            return found
        source = self.group.uses.get(roles.pop() or "")
        if source in (None, use) or not any(mark is not None and mark.origin == "derived" for mark in source.widths):
            return None
        return self.width_made(source, wanted)  # it is made later, by what is derived here

    def _width(self, wanted: Numbers, near: list[str], mark: Mark | None, name: str) -> str:
        found = self.scope.channels(wanted, near, mark, name)
        if found is None:
            raise NoCommonForm
        return found

    def note(self, use: Use, width: str | None) -> None:
        """Remember how the channels that a node makes are called."""
        block = use.there.index(True)
        inputs = use.inputs[block] or ()
        if width is None and use.op.flow == "concatenates":
            made = [shapes and shapes[0][0] for shapes in use.shapes]
            wanted = [n if active else None for n, active in zip(made, self.active, strict=True)]
            with suppress(NoCommonForm):  # nothing needs to have its name
                width = self.width_made(use, wanted)
        told = width or next((self.symbols[value] for value in inputs if value in self.symbols), None)
        if told is not None and re.fullmatch(r"[a-z_]\w*", told):
            for index in range(use.op.results):
                values = self.scope.values(told)
                wanted = [None if shapes is None else shapes[index][0] for shapes in use.shapes]
                if values and all(a is None or a == b for a, b in zip(wanted, values, strict=True)):
                    self.symbols[use.role, index] = told

    def as_map(self, use: Use, index: int, text: str) -> str:
        """A factor a channel, kept as a vector, as something that scales a map."""
        block = use.there.index(True)
        value = (use.inputs[block] or ())[index]
        source = self.group.uses.get(value[0])
        op = source and source.op
        if isinstance(op, Parameter) and op.stored is not None and len(op.stored) == 1 and len(op.shape) == 3:
            return f"{text}[:, None, None]"
        return text

    def condition(self, there: Sequence[bool | None], roles: set[str]) -> str | None:
        """What tells the blocks that have something from the others; None where all have it that matter (not None)."""
        wanted = [here if active else None for here, active in zip(there, self.active, strict=True)]
        if all(one is not False for one in wanted):
            return None
        first = {role.partition(".")[0] for role in roles}
        columns = [c for c in self.scope.columns if c not in FIXED]
        numbers = [c for c in columns if type(self.scope.rows[0][c]) in (int, float)]
        own = [f"{c} > 0" for c in numbers if c in first] + ["expand != 1"] * bool(
            first & {"expand", "fused"} and "expand" in numbers
        )
        basic = [RESIDUAL, RESHAPED] if first & {"add", "drop_path"} else [RESHAPED, RESIDUAL]
        basic = basic if {"inputs", "channels", "stride"} <= set(self.scope.rows[0]) else []
        general = [f"{c} {sign}" for c in numbers for sign in ("> 0", "== 0", "!= 1", "== 1", "> 1")]
        strides = ["stride > 1", "stride == 1", "inputs != channels", "inputs == channels"] if basic else []
        both = [f"{a} and {b}" for a in strides for b in (*strides, *own, *general) if a != b]
        found = self.scope.fit(wanted, [*own, *basic, *strides, *general, *both])
        if found is None:
            raise NoCommonForm
        return found


def attribute(item: Item) -> str:
    """How forward reaches an item: `self.conv`, `self.convs[0]`, `self.attn["fc"]`."""
    name = item.name
    if not item.holder:
        return f"self.{name}" if name.isidentifier() and not iskeyword(name) else f'self.get_submodule("{name}")'
    found = f"self.{item.holder[0]}"
    for part in (*item.holder[1:], name):
        found += f"[{part}]" if part.isdecimal() else f'["{part}"]'
    return found
