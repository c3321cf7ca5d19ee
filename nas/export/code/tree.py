"""The modules of a class: which of its nodes stand together under one name, and what each of them reads and makes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nas.export.code.group import ENTRY, Group, NoCommonForm, Use, Value
from nas.export.code.ops import MODULES

RESULT = "<result>"  # the reader of what a class returns


@dataclass
class Item:
    """A node, or a box of nodes that share a part of their names. `names` is that part in each block."""

    names: list[str | None]
    uses: list[Use]
    children: list[Item] = field(default_factory=list)
    holder: tuple[str, ...] = ()  # names of modules that only hold it

    @property
    def leaf(self) -> bool:
        """Whether it is one node."""
        return not self.children

    @property
    def roles(self) -> set[str]:
        """The roles of its nodes."""
        return {use.role for use in self.uses}

    @property
    def there(self) -> list[bool]:
        """In which blocks it is."""
        return [any(use.ops[block] is not None for use in self.uses) for block in range(len(self.uses[0].ops))]

    @property
    def name(self) -> str:
        """Its name, where all blocks agree."""
        found = {name for name in self.names if name is not None}
        if len(found) != 1:
            raise NoCommonForm
        return found.pop()


def grow(uses: Sequence[Use], depth: int = 0) -> list[Item]:
    """The items of nodes at that depth of their names, in running order."""
    clusters: list[list[Use]] = []
    for use in uses:
        mine = [cluster for cluster in clusters if any(_together(use, other, depth) for other in cluster)]
        joined = [other for cluster in mine for other in cluster] + [use]
        clusters = [cluster for cluster in clusters if cluster not in mine] + [joined]
    place = {use.role: number for number, use in enumerate(uses)}
    items = []
    for cluster in clusters:
        cluster.sort(key=lambda use: place[use.role])
        names = [_only(use.paths[block], depth, cluster, block) for block, use in _blocks(cluster)]
        inner = [use for use in cluster if any(path is not None and len(path) > depth + 1 for path in use.paths)]
        if inner and len(inner) < len(cluster):
            raise NoCommonForm
        items.append(Item(names, cluster, grow(cluster, depth + 1) if inner else []))
        if not inner and len(cluster) > 1:
            raise NoCommonForm
    return sorted(items, key=lambda item: place[item.uses[0].role])


def _blocks(cluster: Sequence[Use]) -> Iterable[tuple[int, Use]]:
    """Each block with a use that it has (or any, where it has none)."""
    for block in range(len(cluster[0].ops)):
        yield block, next((use for use in cluster if use.paths[block] is not None), cluster[0])


def _only(path: tuple[str, ...] | None, depth: int, cluster: Sequence[Use], block: int) -> str | None:
    found = {use.paths[block][depth] for use in cluster if use.paths[block] is not None}  # type: ignore[index]
    if len(found) > 1:
        raise NoCommonForm
    return found.pop() if found else None


def _together(one: Use, other: Use, depth: int) -> bool:
    """Whether two nodes stand in one module at that depth: in one block, or by a name that is no number."""
    for a, b in zip(one.paths, other.paths, strict=True):
        if a is not None and b is not None and a[depth] == b[depth]:
            return True
    names = [{path[depth] for path in use.paths if path is not None} for use in (one, other)]
    return any(not name.isdecimal() for name in names[0] & names[1])


def weighs(use: Use) -> bool:
    """Whether a node has weights, or is a block."""
    return bool(use.op.params) or use.op.kind == "block"


def loosened(item: Item) -> list[Item]:
    """The item; a box without weights as its leaves."""
    if item.leaf or any(weighs(use) for use in item.uses):
        return [item]
    leaves = [leaf for child in item.children for leaf in loosened(child)]
    for leaf in leaves:
        leaf.names = [f"{item.name}_{name}" for name in leaf.names]
    return leaves


class Wiring:
    """Who reads what, in each block."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.readers: list[dict[Value, list[str]]] = []
        for block in range(group.size):
            readers: dict[Value, list[str]] = {}
            for use in group.uses.values():
                for value in use.inputs[block] or ():
                    readers.setdefault(value, []).append(use.role)
            readers.setdefault(group.results[block], []).append(RESULT)
            self.readers.append(readers)

    def entries(self, item: Item, block: int) -> list[Value]:
        """What the item reads from outside: of a node each input, of a box each value once."""
        if item.leaf:
            return list(item.uses[0].inputs[block] or ())
        read = [value for use in item.uses for value in use.inputs[block] or () if value[0] not in item.roles]
        return list(dict.fromkeys(read))

    def exits(self, item: Item, block: int) -> list[Value]:
        """What others read of it: of a node every output."""
        if item.leaf:
            op = item.uses[0].ops[block]
            return [] if op is None else [(item.uses[0].role, index) for index in range(op.results)]
        return [
            value
            for value, readers in self.readers[block].items()
            if value != ENTRY and value[0] in item.roles and any(reader not in item.roles for reader in readers)
        ]

    def modular(self, item: Item) -> bool:
        """Whether it reads one value and makes one, in every block that has it."""
        return all(
            len(set(self.entries(item, block))) == 1 and len(self.exits(item, block)) == 1
            for block, there in enumerate(item.there)
            if there
        )

    def settled(self, items: Sequence[Item], holder: tuple[str, ...] = ()) -> list[Item]:
        """The items as what forward runs one after the other.

        A box that is no module takes in what stands between its layers and has no weights; where that does not make it
        one, it is opened, and what it holds stands beside the others.
        """
        found: list[Item] = []
        loose = [one for item in items for one in loosened(item)]
        for item in [one for one in loose if not one.leaf and not self.modular(one)]:
            self._take_in(item, loose)
        for item in loose:
            item.holder = holder
            if item.leaf or self.modular(item):
                found.append(item)
            else:
                found += self.settled(item.children, (*holder, item.name))
        place = {role: number for number, role in enumerate(self.group.uses)}
        return sorted(found, key=lambda item: min(place[use.role] for use in item.uses))

    def _take_in(self, item: Item, loose: list[Item]) -> None:
        """Let a box take in leaves without weights from `loose` until it is modular; else leave all as it was."""
        children, uses, taken = item.children, item.uses, [*loose]
        place = {role: number for number, role in enumerate(self.group.uses)}
        while not self.modular(item):
            leaves = [one for one in taken if one.leaf and not weighs(one.uses[0])]
            near = [one for one in leaves if self._behind(one, item)] or [
                one for one in leaves if self._before(one, item)
            ]
            if not near:
                item.children, item.uses = children, uses
                return
            one = min(near, key=lambda leaf: place[leaf.uses[0].role])
            taken.remove(one)
            if one.name in {name for child in item.children for name in child.names}:
                one.names = [name and f"{name}_inside" for name in one.names]
            item.children = sorted([*item.children, one], key=lambda child: place[child.uses[0].role])
            item.uses = sorted([*item.uses, *one.uses], key=lambda use: place[use.role])
        loose[:] = taken

    def _behind(self, leaf: Item, item: Item) -> bool:
        """Whether a leaf reads the box alone, in every block that has it."""
        use = leaf.uses[0]
        reads = [{value[0] for value in inputs} for inputs in use.inputs if inputs is not None]
        return all(one and one <= item.roles for one in reads)

    def _before(self, leaf: Item, item: Item) -> bool:
        """Whether only the box reads a leaf, in every block that has it."""
        use = leaf.uses[0]
        for block, here in enumerate(leaf.there):
            outputs = [(use.role, index) for index in range(use.op.results)]
            readers = {reader for output in outputs for reader in self.readers[block].get(output, ())}
            if here and not (readers and readers <= item.roles):
                return False
        return True

    def chain(self, item: Item) -> bool:
        """Whether a box's items are modules that follow one another, each reading the one before."""
        if any(child.leaf and type(child.uses[0].op) not in MODULES for child in item.children):
            return False
        for block, there in enumerate(item.there):
            if not there:
                continue
            now = self.entries(item, block)
            for child in item.children:
                if not child.there[block]:
                    continue
                if not (child.leaf or self.modular(child)) or set(self.entries(child, block)) != set(now):
                    return False
                if len(self.entries(child, block)) != 1 or len(now := self.exits(child, block)) != 1:
                    return False
                inside = [reader for reader in self.readers[block].get(now[0], []) if reader in item.roles]
                last = child is [one for one in item.children if one.there[block]][-1]
                if not last and (len(inside) != len(self.readers[block][now[0]])):
                    return False
        return True
