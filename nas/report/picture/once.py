"""Large blocks that repeat another but for a factor on all their channels: that one is drawn, they point to it.

A cell of NASNet is the same in each stage but twice as wide, and where it follows a reduction it only fits its earlier
input in another way: that much is drawn, and the rest is one box. The modules of GoogLeNet differ in each width for
itself, so that none stands for another, and a reader takes in a small block at a glance.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from nas.report.picture.blocks import ENTRY, Block
from nas.report.picture.parts import Part
from nas.report.picture.words import map_words

LARGE, FITTED = 9, 16  # parts that a box must stand for, in a whole block and in one that fits an input otherwise
WIDTHS = re.compile(r"(?<=· )\d+|(?<=^SE )\d+|(?<=^split )\d+|(?<=\| )\d+")  # in a label: channel counts


def drawn_once(made: Sequence[Block]) -> list[Block]:
    """The blocks, with what repeats a large one but for a factor drawn as a single box.

    The one with the most parts is drawn, of several the first: a box may say what it lacks, not what it has besides.
    """
    sizes = [sum(bool(part.nodes) for part in block.parts) if block.numbers else 0 for block in made]
    originals: list[Block] = []
    pointing: dict[int, Block] = {}
    for index in sorted(range(len(made)), key=lambda index: -sizes[index]):
        if sizes[index] < LARGE:
            break
        twins = (_Twin(original, made[index]) for original in originals)
        found = max((twin for twin in twins if twin.holds), key=lambda twin: len(twin.core), default=None)
        if found:
            pointing[index] = found.pointing()
        else:
            originals.append(made[index])
    shown: list[Block] = []
    for index, block in enumerate(made):
        if index in pointing:
            _show(shown, pointing[index])
        else:
            shown.append(block)
    return shown


def _sources(block: Block) -> dict[int, list[int]]:
    """What each place reads, in order."""
    sources: dict[int, list[int]] = defaultdict(list)
    for start, end in block.edges:
        sources[end].append(start)
    return sources


@dataclass(slots=True)
class _Twin:
    """Two blocks compared from their ends upwards: the places of `block` that repeat one of `original` are its core.

    `places` leads from each place of the original that was compared to that of the block, core and what it reads.
    """

    original: Block
    block: Block
    core: set[int] = field(default_factory=set)
    places: dict[int, int] = field(default_factory=dict)
    factors: set[Fraction] = field(default_factory=set)
    end: int = ENTRY
    holds: bool = False

    def __post_init__(self) -> None:
        ours, theirs = _sources(self.original), _sources(self.block)
        if not ours[self.original.exit] or not theirs[self.block.exit]:
            return
        self.end = theirs[self.block.exit][0]
        pairs = [(ours[self.original.exit][0], self.end)]
        while pairs:
            one, two = pairs.pop()
            if one in self.places:
                if self.places[one] != two:
                    return
                continue
            self.places[one] = two
            if self._repeats(one, two) and len(ours[one]) == len(theirs[two]):
                self.core.add(two)
                pairs += zip(ours[one], theirs[two], strict=True)
        inside = [two for two in self.places.values() if two in self.core]
        outside = [pair for pair in self.places.items() if pair[1] not in self.core]
        hidden = self.core - {self.end}
        self.holds = (
            len(self.core) >= (FITTED if self.fitted else LARGE)
            and len(inside) == len(self.core)
            and len(self.fitted) <= 1
            and all(self._enters(*pair) for pair in outside)
            and not any(start in hidden and end not in self.core for start, end in self.block.edges)
        )

    def _repeats(self, one: int, two: int) -> bool:
        """Whether two places hold the same part but for the factor."""
        if ENTRY in (one, two):
            return False
        mine, other = self.original.parts[one], self.block.parts[two]
        words = [(part.kind, WIDTHS.sub("", part.label), part.detail) for part in (mine, other)]
        if words[0] != words[1] or not mine.nodes:
            return False
        widths = (map(int, WIDTHS.findall(part.label)) for part in (mine, other))
        found = {Fraction(wide, narrow) for narrow, wide in zip(*widths, strict=True)}
        if len(self.factors | found) > 1:
            return False
        self.factors |= found
        return True

    def _enters(self, one: int, two: int) -> bool:
        """Whether both cores read the wire from above, or a letter there; a part of the original can be named."""
        if one == ENTRY:
            return two == ENTRY
        if self.original.parts[one].nodes:
            return True
        return two != ENTRY and not self.block.parts[two].nodes

    @property
    def fitted(self) -> list[str]:
        """The parts of the original in whose place the block has something else."""
        outside = [one for one, two in self.places.items() if two not in self.core and one != ENTRY]
        return [self.original.parts[one].label for one in outside if self.original.parts[one].nodes]

    def pointing(self) -> Block:
        """The block with one box in the place of its core."""
        block, factor = self.block, next(iter(self.factors), Fraction(1))
        others = [place for place in range(block.exit) if place not in self.core]
        fed = {place: place > self.end and not block.parts[place].nodes for place in others}
        before, behind = ([place for place in others if fed[place] is side] for side in (False, True))
        new = {ENTRY: ENTRY, block.exit: len(others) + 1}
        new |= {place: number for number, place in enumerate((*before, self.end, *behind))}
        new |= dict.fromkeys(self.core, len(before))
        edges = dict.fromkeys((new[start], new[end]) for start, end in block.edges)
        parts = [block.parts[place] for place in (*before, self.end, *behind)]
        parts[len(before)] = self._box(parts[len(before)], factor)
        return replace(block, parts=tuple(parts), edges=tuple(edge for edge in edges if edge[0] != edge[1]))

    def _box(self, end: Part, factor: Fraction) -> Part:
        """The box that points to the original, in the place of the core's last part."""
        one = self.original
        where = one.called if one.stage == end.stage else f"{one.stage}, {one.called}"
        said = [f"from {name}" for name in self.fitted] + [f"× {factor}"] * (factor != 1)
        detail = ", ".join(said) + ": " * bool(said) + map_words(end.shape)
        nodes = tuple(node for place in sorted(self.core) for node in self.block.parts[place].nodes)
        return replace(end, kind="again", label=f"like {where}", detail=detail, nodes=nodes)


def _show(shown: list[Block], block: Block) -> None:
    """Append a block that points to another, or let the one before it, where that says the same, stand for it too."""
    before = shown[-1]
    if before.stage != block.stage or not _said(before) or _said(before) != _said(block):
        shown.append(block)
        return
    both = zip(before.parts, block.parts, strict=False)
    parts = [replace(a, label=f"{a.label}, {b.label}") if a.kind == b.kind == "link" else a for a, b in both]
    shown[-1] = replace(
        before,
        parts=(*parts, *before.parts[len(parts) :]),
        numbers=before.numbers + block.numbers,
        nodes=before.nodes + block.nodes,
    )


def _said(block: Block) -> list[tuple[str, str, str]]:
    """What is seen of a block, up to the box that points to another; nothing but its kind of a letter."""
    kinds = [part.kind for part in block.parts]
    shown = block.parts[: kinds.index("again") + 1] if "again" in kinds else ()
    return [("link", "", "") if part.kind == "link" else (part.kind, part.label, part.detail) for part in shown]
