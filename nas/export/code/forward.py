"""The forward of a class: a tensor has a name where it is needed again, what only some blocks do a condition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nas.export.code.group import ENTRY, NoCommonForm, Value
from nas.export.code.maker import RESHAPED, RESIDUAL, Maker
from nas.export.code.ops import EXPRESSIONS
from nas.export.code.tree import Item
from nas.graph.ops import Activation, Split

FLAGS = {RESIDUAL: "residual", RESHAPED: "reshapes"}
NAMES = {"shortcut": "shortcut", "pooled_shortcut": "shortcut", "left": "left", "attention": "gate", "se": "gate"}
LETTERS = ("y", "z", "u", "v", "w")
DEEPEST = 3  # calls inside one another


@dataclass(frozen=True)
class Statement:
    """One line of forward: what it assigns, under which condition."""

    targets: tuple[str, ...]
    text: str
    condition: str | None
    item: int
    depth: int = 1
    closed: bool = False  # whether nothing more is wrapped around it

    @property
    def line(self) -> str:
        """The line itself."""
        return f"{', '.join(self.targets)} = {self.text}"


class Forward:
    """Runs through the items in every block at once, and knows which variable holds what in each."""

    def __init__(
        self, maker: Maker, items: list[Item], entries: Sequence[Value | None], results: Sequence[Value | None]
    ):
        self.m, self.items, self.results = maker, items, results
        self.blocks = [block for block, active in enumerate(maker.active) if active]
        self.holds: dict[int, dict[str, Value]] = {}
        for block in self.blocks:
            entry = entries[block]
            self.holds[block] = {} if entry is None else {"x": entry}
        self.index = {role: number for number, item in enumerate(items) for role in item.roles}
        self.statements: list[Statement] = []
        self.texts: dict[Value, str] = {}  # parameters

    def later(self, value: Value, block: int, number: int) -> bool:
        """Whether an item after that one still reads the value."""
        readers = self.m.wiring.readers[block].get(value, ())
        return self.results[block] == value or any(self.index.get(reader, -1) > number for reader in readers)

    def variable(self, values: dict[int, Value]) -> str:
        """The variable that holds these values, block by block."""
        if not values:
            raise NoCommonForm
        first = next(iter(values.values()))
        if first in self.texts:
            return self.texts[first]
        for name in self.holds[next(iter(values))]:
            if all(self.holds[block].get(name) == value for block, value in values.items()):
                return name
        raise NoCommonForm

    def expected(self, item: Item, output: int, number: int) -> dict[int, Value]:
        """What the readers of an output read instead, in the blocks that lack the item."""
        wanted: dict[int, Value] = {}
        places: set[tuple[str, int]] = set()
        result = False
        for block in self.blocks:
            if not item.there[block]:
                continue
            value = self.m.wiring.exits(item, block)[output]
            result |= self.results[block] == value
            for role, use in self.m.group.uses.items():
                if self.index.get(role, -1) > number:
                    places |= {(role, k) for k, read in enumerate(use.inputs[block] or ()) if read == value}
        for block in self.blocks:
            if item.there[block]:
                continue
            for role, k in sorted(places, key=lambda place: self.index[place[0]]):
                inputs = self.m.group.uses[role].inputs[block]
                if inputs is not None and block not in wanted:
                    wanted[block] = inputs[k]
            if result and block not in wanted and (end := self.results[block]) is not None:
                wanted[block] = end
        return wanted

    def run(self, number: int, text: str | None, condition: str | None, optional: bool) -> bool:
        """Add item `number`; an `optional` one may stand as an identity: whether it does."""
        item = self.items[number]
        here = [block for block in self.blocks if item.there[block]]
        count = max(len(self.m.wiring.entries(item, block)) for block in here)
        read = [self.variable({b: self.m.wiring.entries(item, b)[k] for b in here}) for k in range(count)]
        use = item.uses[0]
        whole = f"{text}({read[0]})" if text else EXPRESSIONS[type(use.op)](self.m, use, read)
        outputs = len(self.m.wiring.exits(item, here[0]))
        absent = [block for block in self.blocks if block not in here]
        wanted = [self.expected(item, output, number) for output in range(outputs)] if absent else [{}] * outputs
        identity = bool(
            optional
            and absent
            and outputs == 1
            and all(self.holds[b].get(read[0]) == wanted[0].get(b, self.holds[b].get(read[0])) for b in absent)
        )
        targets = self._targets(item, number, here, absent, wanted, read, identity)
        values = {block: dict(self.holds[block]) for block in self.blocks}
        for output, target in enumerate(targets):
            for block in here:
                values[block][target] = self.m.wiring.exits(item, block)[output]
            if identity:
                for block in absent:
                    values[block][target] = self.holds[block][read[0]]
        self.holds = values
        closed = isinstance(use.op, (Activation, Split)) and item.leaf
        self.statements.append(Statement(tuple(targets), whole, None if identity else condition, number, 1, closed))
        return identity

    def _targets(
        self,
        item: Item,
        number: int,
        here: list[int],
        absent: list[int],
        wanted: list[dict[int, Value]],
        read: list[str],
        identity: bool,
    ) -> list[str]:
        """A variable for each output: that of an input which nobody needs any more, or a new one."""
        taken: list[str] = []
        for output in range(len(wanted)):
            order = sorted(read, key=lambda name: name.startswith("part")) if len(wanted) == 1 else read
            held = [name for block in self.blocks for name in self.holds[block]]
            known = [name for name in (*order, *held) if name.isidentifier()]
            fitting = [
                name
                for name in dict.fromkeys(known)
                if name not in taken
                and self._free(name, number, here if not identity else self.blocks, read, identity)
                and (identity or all(self.holds[b].get(name) == v for b, v in wanted[output].items()))
            ]
            first = item.uses[0].role.partition(".")[0]
            prefer = [name for name in fitting if name in read or name == NAMES.get(first)] or (
                fitting if absent and not identity else []
            )
            if len(wanted) > 1 and not absent:
                prefer = [name for name in prefer if output == len(wanted) - 1]
            if prefer:
                taken.append(prefer[0])
                continue
            fresh = self._fresh(first, taken, output if len(wanted) > 1 else None)
            made = {role for statement in self.statements for role in self.items[statement.item].roles}
            if wanted[output] and not identity and all(v == ENTRY or v[0] in made for v in wanted[output].values()):
                source = self.variable(wanted[output])  # else what stands in its place is made later
                self.statements.append(Statement((fresh,), source, None, number, 1, True))
                for block in self.blocks:
                    if source in self.holds[block]:
                        self.holds[block][fresh] = self.holds[block][source]
            taken.append(fresh)
        return taken

    def _free(self, name: str, number: int, blocks: list[int], read: list[str], identity: bool) -> bool:
        """Whether nobody needs what a variable holds, in the blocks that would overwrite it."""
        for block in blocks:
            held = self.holds[block].get(name)
            if any(other != name and value == held for other, value in self.holds[block].items()):
                continue  # another variable holds it too
            if (
                held is not None
                and self.later(held, block, number)
                and not (identity and not self.items[number].there[block] and name == read[0])
            ):
                return False
        return True

    def _fresh(self, group: str, taken: list[str], output: int | None) -> str:
        used = {name for block in self.blocks for name in self.holds[block]} | set(taken)
        own = NAMES.get(group, "y") if output is None else f"part{output}"
        for name in (own, *LETTERS, *(f"y{k}" for k in range(2, 99))):
            if name not in used:
                return name
        raise NoCommonForm

    def folded(self) -> list[Statement]:
        """The statements, one that only the next reads inside that."""
        found: list[Statement] = []
        for one in self.statements:
            statement = one
            while found and (joined := self._joined(found[-1], statement)):
                found.pop()
                statement = joined
            found.append(statement)
        return found

    def _joined(self, one: Statement, two: Statement) -> Statement | None:
        if one.condition != two.condition or len(one.targets) > 1 or one.closed or one.depth + two.depth > DEEPEST:
            return None
        target = one.targets[0]
        if len(re.findall(rf"(?<![\w.]){target}\b", two.text)) != 1:
            return None
        for block in self.blocks:
            if self.items[one.item].there[block]:
                value = self.m.wiring.exits(self.items[one.item], block)[0]
                readers = [self.index.get(r, -2) for r in self.m.wiring.readers[block].get(value, ())]
                if self.results[block] == value or set(readers) - {two.item}:
                    return None
        inner = f"({one.text})" if re.search(r" [+*] ", one.text) and not two.text.startswith("self.") else one.text
        text = re.sub(rf"(?<![\w.]){target}\b", lambda _: inner, two.text)
        if len(text) > 80:
            return None
        return replace(two, text=text, depth=one.depth + two.depth)

    def text(self) -> list[str]:
        """The lines of forward."""
        statements = self.folded()
        end = self.variable({b: v for b in self.blocks if (v := self.results[b]) is not None})
        last = statements[-1] if statements else None
        found: list[str] = []
        now: str | None = None
        for statement in statements:
            if statement is last and statement.condition is None and statement.targets == (end,):
                return [*found, f"return {statement.text}"]
            if statement.condition is not None and statement.condition != now:
                other = now is not None and self._opposite(now, statement.condition)
                found.append("else:" if other else f"if {self._flag(statement.condition, statement.item)}:")
            now = statement.condition
            found.append("    " * (now is not None) + statement.line)
        return [*found, f"return {end}"]

    def _opposite(self, one: str, other: str) -> bool:
        values = [self.m.scope.values(text) or [] for text in (one, other)]
        return all(values[0][block] != values[1][block] for block in self.blocks)

    def _flag(self, condition: str, item: int) -> str:
        """The attribute that keeps a condition for forward."""
        group = self.items[item].uses[0].role.partition(".")[0]
        name = FLAGS.get(condition) or (f"has_{group}" if group.isidentifier() else "extra")
        for known, told in self.m.kept.items():
            if told == condition:
                return f"self.{known}"
        while name in self.m.kept:
            name += "_"
        self.m.kept[name] = condition
        return f"self.{name}"
