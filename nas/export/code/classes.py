"""The text of a class: what its constructor makes, and a forward that names a tensor where it is needed again."""

from __future__ import annotations

from collections.abc import Sequence

from nas.export.code.constructor import Constructor
from nas.export.code.forward import Forward
from nas.export.code.group import NoCommonForm, Value
from nas.export.code.layout import Argument, Call, lines
from nas.export.code.maker import Maker, attribute
from nas.export.code.ops import EXPRESSIONS, PARAMETERS
from nas.export.code.tree import Item
from nas.graph.ops import StochasticDepth


def body(
    m: Maker,
    children: Sequence[Item],
    entries: Sequence[Value | None],
    results: Sequence[Value | None],
) -> list[str]:
    """The lines of a class: its constructor without the signature, an empty line, its forward."""
    items = m.wiring.settled(children)
    say, forward, made = Constructor(m, body), Forward(m, items, entries, results), Made(m)
    for number, item in enumerate(items):
        use = item.uses[0]
        there = [here or not active for here, active in zip(item.there, m.active, strict=True)]
        if not any(here and active for here, active in zip(item.there, m.active, strict=True)):
            raise NoCommonForm
        told = m.condition(there, item.roles)
        if item.leaf and type(use.op) in EXPRESSIONS:
            m.note(use, None)
            forward.run(number, None, told, False)
            continue
        calls = say.parts_of(item)
        if item.leaf and type(use.op) in PARAMETERS:
            made.add(item, calls, None, False)
            forward.texts[use.role, 0] = attribute(item)
            continue
        drops = item.leaf and isinstance(use.op, StochasticDepth)  # it has no weights: every block may make one
        identity = forward.run(number, attribute(item), told, not drops)
        made.add(item, calls, None if drops else told, identity)
    text = forward.text()
    for name, expression in m.kept.items():
        made.lines.append(f"self.{name} = {expression}")
    return [*made.all(), "", *text]


class Made:
    """The lines of a constructor."""

    def __init__(self, maker: Maker) -> None:
        self.m = maker
        self.lines: list[str] = []
        self.held: dict[tuple[str, ...], list[tuple[str, Argument]]] = {}
        self.now: str | None = None

    def add(
        self, item: Item, calls: Argument | list[tuple[Argument, str | None]], told: str | None, identity: bool
    ) -> None:
        """Say what an attribute is; under a condition, or else an identity."""
        before: list[str] = []
        if isinstance(calls, list):
            before, calls = listed(calls), Call("nn.Sequential", ("*layers",))
        if item.holder:
            if told is not None:
                if not identity:
                    calls = Call(f"{calls} if {told} else nn.Identity")
                else:
                    raise NoCommonForm
            if before or len(item.holder) > 1:
                raise NoCommonForm
            self.held.setdefault(item.holder, []).append((item.name, calls))
            return
        name = attribute(item)
        plain = name.startswith("self.") and "(" not in name
        begin, end = (f"{name} = ", "") if plain else (f'self.add_module("{item.name}", ', ")")
        if identity:
            self.now = None
            one = f"{calls} if {told} else nn.Identity()"
            if before:
                self.lines += before
            if len(one) > 90:
                self.lines.append(f"{begin}nn.Identity(){end}")
                self.lines.append(f"if {told}:")
                self.lines += ["    " + line for line in lines(begin, calls, end)]
            else:
                self.lines.append(f"{begin}{one}{end}")
            return
        if told is not None:
            if told != self.now:
                self.lines.append(f"if {told}:")
            self.now = told
            self.lines += ["    " + line for line in (*before, *lines(begin, calls, end))]
            return
        self.now = None
        self.lines += [*before, *lines(begin, calls, end)]

    def all(self) -> list[str]:
        """The lines, and behind them the modules that only hold others."""
        found = list(self.lines)
        for holder, members in self.held.items():
            if [name for name, _ in members] == [str(number) for number in range(len(members))]:
                inside = Call("", tuple(made for _, made in members), brackets="[]")
                found += lines(f"self.{holder[0]} = ", Call("nn.ModuleList", (inside,)))
            else:
                found.append(f"self.{holder[0]} = nn.ModuleDict(")
                found.append("    {")
                found += [f'        "{name}": {made},' for name, made in members]
                found += ["    }", ")"]
        return found


def listed(calls: Sequence[tuple[Argument, str | None]]) -> list[str]:
    """The lines that list layers, some of them under a condition."""
    found = ["layers: list[nn.Module] = []"]
    plain: list[Argument] = []

    def flush() -> None:
        if len(plain) == 1:
            found.extend(lines("layers.append(", plain[0], ")"))
        elif plain:
            text = f"layers += [{', '.join(map(str, plain))}]"
            found.extend([text] if len(text) < 90 else ["layers += [", *(f"    {one}," for one in plain), "]"])
        plain.clear()

    for call, told in calls:
        if told is None:
            plain.append(call)
            continue
        flush()
        found.append(f"if {told}:")
        found.extend(lines("layers.append(", call, ")", 4))
    flush()
    return found


def sequence(m: Maker, root: Item) -> list[str] | None:
    """The lines of a class that is nothing but a Sequential; None where it is not, by its layers or their names."""
    say = Constructor(m, body)
    if not m.wiring.chain(root) or not say.numbered(root):
        return None
    told = [m.condition(child.there, child.roles) for child in root.children]
    calls = [(say.call(child), one) for child, one in zip(root.children, told, strict=True)]
    if any(one is not None for _, one in calls):
        return [*listed(calls), "super().__init__(*layers)"]
    return ["super().__init__(", *(line for call, _ in calls for line in lines("", call, ",", 4)), ")"]
