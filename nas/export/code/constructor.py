"""What the attributes of a class are made of: calls, and Sequentials of calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nas.export.code.group import Value
from nas.export.code.layout import Argument, Call
from nas.export.code.maker import Maker
from nas.export.code.ops import MODULES, PARAMETERS
from nas.export.code.tree import Item
from nas.graph.ops import Activation, BatchNorm, Conv2d

# The lines of a class: (maker, its items, what it reads and what it returns in each block).
Body = Callable[[Maker, Sequence[Item], Sequence[Value | None], Sequence[Value | None]], list[str]]


class Constructor:
    """Says what items are made of."""

    def __init__(self, maker: Maker, body: Body) -> None:
        self.m, self.body = maker, body

    def leaf(self, item: Item) -> Argument:
        """The call that makes a node's module."""
        use = item.uses[0]
        made = (MODULES.get(type(use.op)) or PARAMETERS[type(use.op)])(self.m, use)
        arguments = made.arguments if isinstance(made, Call) else ()
        width = str(arguments[1]) if len(arguments) > 1 and use.op.flow == "makes" else None
        self.m.note(use, width)
        return made

    def call(self, item: Item) -> Argument:
        """The call that makes an item."""
        if item.leaf:
            return self.leaf(item)
        if self.m.wiring.chain(item):
            parts = [(child, self.m.condition(self._there(child, item), child.roles)) for child in item.children]
            if all(told is None for _, told in parts) and (known := self._layers(item)):
                return known
            calls: list[Argument] = []
            for child, told in parts:
                made: Argument = self.call(child)
                if told is not None:
                    made = (
                        f"*([{made}] if {told} else [])"
                        if not self.fixed(item)
                        else f"{made} if {told} else nn.Identity()"
                    )
                calls.append(made)
            return self.sequence(item, calls)
        return self._part(item)

    def parts_of(self, item: Item) -> Argument | list[tuple[Argument, str | None]]:
        """The call that makes an item; of a Sequential some of whose items only some blocks have, what it lists."""
        if item.leaf or not self.m.wiring.chain(item) or not self.numbered(item):
            return self.call(item)
        told = [self.m.condition(self._there(child, item), child.roles) for child in item.children]
        if all(one is None for one in told):
            return self.call(item)
        return [(self.call(child), one) for child, one in zip(item.children, told, strict=True)]

    def sequence(self, item: Item, calls: list[Argument]) -> Call:
        """A Sequential of the items of a box, whose names are numbers in order or are told."""
        numbers = [str(number) for number in range(len(calls))]
        if self.numbered(item) or [one for child in item.children for one in {*child.names} - {None}] == numbers:
            return Call("nn.Sequential", tuple(self.m.compact(calls)))
        if short := self.m.named([child.name for child in item.children], calls):
            return Call("nn.Sequential", (short,))
        pairs = [Call("", (f'"{child.name}"', made)) for child, made in zip(item.children, calls, strict=True)]
        return Call("nn.Sequential", (Call("OrderedDict", (Call("", tuple(pairs), brackets="[]"),)),))

    def numbered(self, item: Item) -> bool:
        """Whether the names of its items are 0, 1, 2, … in every block."""
        for block in range(self.m.group.size):
            number = 0
            for child in item.children:
                if child.there[block]:
                    if child.names[block] != str(number + self.m.group.offset(block)):
                        return False
                    number += getattr(child.uses[0].op, "span", 1) if child.leaf else 1
        return True

    def fixed(self, item: Item) -> bool:
        """Whether each of its items has the same name in every block, also where others are missing."""
        names = [{name for name in child.names if name is not None} for child in item.children]
        return all(len(one) == 1 for one in names) and not self.numbered(item)

    def _there(self, child: Item, item: Item) -> list[bool | None]:
        """In which blocks the child is; None for one that has not even the item."""
        return [here if outer else None for here, outer in zip(child.there, item.there, strict=True)]

    def _layers(self, item: Item) -> Call | None:
        """A convolution with its norm (and activation) as one call, where all is as usual."""
        kinds = [type(child.uses[0].op) if child.leaf else None for child in item.children]
        if kinds not in ([Conv2d, BatchNorm], [Conv2d, BatchNorm, Activation]):
            return None
        convolution = self.leaf(item.children[0])
        assert isinstance(convolution, Call)
        padding = [argument for argument in convolution.arguments if str(argument).startswith("padding=")]
        kernel = convolution.arguments[2]
        dilation = any(str(argument).startswith("dilation=") for argument in convolution.arguments)
        half = f"padding={int(str(kernel)) // 2}" if str(kernel).isdecimal() else f"padding={kernel} // 2"
        wanted = [] if half == "padding=0" else [half]
        same = convolution.function == "SameConv2d"
        if str(kernel).startswith("(") or dilation or "bias=False" not in convolution.arguments:
            return None
        if padding != wanted and not same:
            return None
        if same != self.m.same and str(kernel) != "1":
            return None
        norm = self.leaf(item.children[1])
        assert isinstance(norm, Call)
        act = str(self.leaf(item.children[2])) if len(kinds) == 3 else ""
        names = tuple("" if self.numbered(item) else child.name for child in item.children)
        told = ", ".join(str(argument) for argument in norm.arguments[1:])
        name = self.m.library.layers(names, act.removesuffix("()"), told)
        rest = [a for a in convolution.arguments[3:] if not str(a).startswith(("padding=", "bias="))]
        read, made = convolution.arguments[:2]
        many: list[Argument] = [] if str(kernel) == "1" else [kernel]
        variable = act.removesuffix("()") in self.m.scope.rows[0] and act
        return Call(name, (read, made, *many, *rest, *([f"activation={act.removesuffix('()')}"] if variable else [])))

    def _part(self, item: Item) -> Call:
        """A class of its own for a box whose items are no chain."""
        before = set(self.m.scope.used)
        self.m.scope.used = set()
        active = [here and outer for here, outer in zip(item.there, self.m.active, strict=True)]
        inner = Maker(self.m.group, self.m.scope, self.m.library, active, self.m.same, symbols=self.m.symbols)
        entries = [self.m.wiring.entries(item, block)[0] if here else None for block, here in enumerate(item.there)]
        results = [self.m.wiring.exits(item, block)[0] if here else None for block, here in enumerate(item.there)]
        text = self.body(inner, item.children, entries, results)
        names = [n for n in self.m.scope.rows[0] if n in self.m.scope.used]
        direct = [n for n in names if any(re.search(rf"\b{n}\b", line) for line in text)]
        self.m.scope.used |= before
        if len(widths := [n for n in direct if n != "squeezed"]) == 1 and widths[0] in ("inner", "inputs"):
            named = ["channels" if n == widths[0] else n for n in direct]  # the same part of different blocks
            text = [re.sub(rf"\b{widths[0]}\b", "channels", line) for line in text]
        else:
            named = direct
        return Call(self.m.library.part(item, named, text), tuple(direct))
