"""From parts to blocks: what is drawn together, what repeats, and which wires pass from block to block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from nas.graph.graph import Graph
from nas.graph.node import Ref
from nas.report.picture.parts import Part, parts
from nas.report.picture.words import dims

ENTRY = -1  # in an edge: the wire from the block above; the number of parts is the wire to the block below
FEWEST, MOST = 4, 10  # parts of a piece, where a network without block numbers is cut into pieces


@dataclass(frozen=True, slots=True)
class Block:
    """Parts drawn together, and edges (from, to) between their places.

    `numbers` are the blocks of the stage that look like this one (none: the nodes carry no block number),
    and `nodes` all the nodes of those blocks.
    """

    stage: str
    numbers: tuple[int, ...]
    parts: tuple[Part, ...]
    edges: tuple[tuple[int, int], ...]
    nodes: tuple[str, ...]

    @property
    def exit(self) -> int:
        """The place that stands for the block below, in an edge."""
        return len(self.parts)

    @property
    def called(self) -> str:
        """ "block 2" or "block 2–4"."""
        first, last = self.numbers[0], self.numbers[-1]
        return f"block {first}" if first == last else f"block {first}–{last}"

    @property
    def entered(self) -> bool:
        """Whether the wire of the block above runs on into this one."""
        return any(start == ENTRY for start, _ in self.edges)

    def same(self, other: Block) -> bool:
        """Whether `other` stands in the same stage and is drawn as this one is.

        What they read may differ in channels (SqueezeNet's first two fire modules), and so in what none of them says.
        """
        if (self.stage, self.edges) != (other.stage, other.edges):
            return False
        mine, theirs = ([part.looks for part in block.parts] for block in (self, other))
        return mine == theirs or self._widened(other) is not None

    def merged(self, other: Block) -> Block:
        """This block, standing for `other` too."""
        widened = self._widened(other) or self.parts
        return replace(self, numbers=self.numbers + other.numbers, nodes=self.nodes + other.nodes, parts=widened)

    def _widened(self, other: Block) -> tuple[Part, ...] | None:
        """The parts of both, of which the other reads the wider map that this one made of its input (a DenseNet's).

        Such blocks are drawn alike but for the channels behind them: "concat · 96 … 128". None where they are not.
        """
        found: list[Part] = []
        for place, (mine, theirs) in enumerate(zip(self.parts, other.parts, strict=True)):
            if mine.label.startswith("concat") and theirs.label.startswith("concat") and (ENTRY, place) in self.edges:
                first = mine.label.partition(" … ")[0]
                found.append(replace(mine, label=f"{first} … {theirs.shape[0]}", shape=theirs.shape))
            elif mine.kind == theirs.kind == "link" and mine.essence == theirs.essence:
                found.append(replace(mine, label=f"{mine.label}, {theirs.label}"))
            elif mine.looks != theirs.looks:
                return None
            else:
                found.append(mine)
        return tuple(found) if tuple(found) != self.parts else None


@dataclass(slots=True)
class Pile:
    """A block in the making: its parts, what brings far tensors in, under a letter each, and what carries them out."""

    parts: list[Part]
    arriving: dict[Ref, Part] = field(default_factory=dict)
    leaving: list[Part] = field(default_factory=list)


def blocks(graph: Graph) -> list[Block]:
    """The blocks of a graph in reading order; a run of equal ones is one block with several numbers."""
    piles = [Pile(pile) for pile in _piles(parts(graph), graph.input.name)]
    maker = {node: number for number, pile in enumerate(piles) for part in pile.parts for node in part.nodes}
    _mark_outputs(graph, piles, maker)
    lines = _lines(piles, maker)
    _link(piles, maker, lines)
    ends = zip(piles, [*lines[1:], None], strict=True)
    return _collapsed([_block(pile, below) for pile, below in ends])


def _piles(found: Sequence[Part], image_name: str) -> list[list[Part]]:
    """The parts by stage, and in a stage by block. The image is a block of its own where it is first read."""
    image = next(part for part in found if image_name in part.nodes)
    reader = next((part for part in found if any(ref[0] == image_name for ref in part.inputs)), image)
    stages: dict[str, dict[int | str, list[Part]]] = {reader.stage: {"image": [replace(image, stage=reader.stage)]}}
    latest: dict[str, int] = {}
    for part in found:
        if part is image:
            continue
        if part.block is not None:
            latest[part.stage] = part.block
        place = f"after {latest.get(part.stage)}" if part.block is None else part.block
        stages.setdefault(part.stage, {}).setdefault(place, []).append(part)
    return [
        piece
        for stage in stages.values()
        for place, pile in stage.items()
        for piece in (_pieces(pile) if isinstance(place, str) else [pile])
    ]


def _pieces(pile: list[Part]) -> Iterator[list[Part]]:
    """`pile` in pieces of FEWEST to MOST parts, cut where the fewest tensors cross, else as evenly as can be."""
    made = {name: index for index, part in enumerate(pile) for name in part.nodes}
    last_read = {ref: index for index, part in enumerate(pile) for ref in part.inputs if ref[0] in made}
    ends: dict[int, list[int]] = defaultdict(list)
    for ref, end in last_read.items():
        ends[made[ref[0]]].append(end)
    start = 0
    while (left := len(pile) - start) > MOST:
        even = start + left / -(-left // MOST)
        cuts = range(start + FEWEST, start + MOST + 1)
        crossing = {cut: sum(end >= cut for index in range(start, cut) for end in ends[index]) for cut in cuts}
        cut = min(cuts, key=lambda cut: (crossing[cut], abs(cut - even)))
        yield pile[start:cut]
        start = cut
    yield pile[start:]


def _mark_outputs(graph: Graph, piles: Sequence[Pile], maker: dict[str, int]) -> None:
    """Put a pill behind each tensor that leaves the network."""
    shapes = graph.shapes()
    stages = [graph.nodes[name].stage for name, _ in graph.outputs]
    telling = len(set(stages)) == len(stages) and all(stages)  # an auxiliary classifier is a stage of its own
    for number, (name, index) in enumerate(graph.outputs, start=1):
        which = "output" if len(stages) == 1 else f"output {stages[number - 1] if telling else number}"
        label = f"{which} · {dims(shapes[name][index])}"
        piles[maker[name]].leaving.append(Part("port", label, inputs=((name, index),), essence=label))


def _lines(piles: Sequence[Pile], maker: dict[str, int]) -> list[Ref | None]:
    """For each pile the tensor whose wire runs on to it from its neighbour above, if there is one."""
    lines: list[Ref | None] = []
    for number, pile in enumerate(piles):
        made = {node: index for index, part in enumerate(piles[number - 1].parts) for node in part.nodes}
        read = [ref for part in pile.parts for ref in part.inputs if number and maker[ref[0]] == number - 1]
        lines.append(max(read, key=lambda ref: (made[ref[0]], -ref[1]), default=None))
    return lines


def _link(piles: Sequence[Pile], maker: dict[str, int], lines: Sequence[Ref | None]) -> None:
    """Give every other tensor that passes from pile to pile a letter, at both ends.

    Blocks that read alike from equally far back are drawn once, with the letters of each.
    """
    letters: dict[Ref, str] = {}
    for number, (pile, line) in enumerate(zip(piles, lines, strict=True)):
        for ref in (ref for part in pile.parts for ref in part.inputs):
            if maker[ref[0]] == number or ref == line:
                continue
            if ref not in letters:
                letters[ref] = letter(len(letters))
                piles[maker[ref[0]]].leaving.append(Part("link", letters[ref], inputs=(ref,), essence="away"))
            behind = next(n for n, part in enumerate(reversed(piles[maker[ref[0]]].parts)) if ref[0] in part.nodes)
            whence = f"{number - maker[ref[0]]} blocks back, {behind} parts before its end"
            pile.arriving[ref] = Part("link", letters[ref], essence=whence)


def letter(number: int) -> str:
    """A, B, …, Z, AA, AB, … for 0, 1, …"""
    return (letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


def _block(pile: Pile, below: Ref | None) -> Block:
    """The finished block; `below` is the tensor that runs on to the next one."""
    every = (*pile.arriving.values(), *pile.parts, *pile.leaving)
    linked = {ref: place for place, ref in enumerate(pile.arriving)}
    made = {node: place for place, part in enumerate(every) for node in part.nodes}
    edges = [
        (linked.get(ref, made.get(ref[0], ENTRY)), place) for place, part in enumerate(every) for ref in part.inputs
    ]
    if below is not None:
        edges.append((made[below[0]], len(every)))
    first = pile.parts[0]
    numbers = () if first.block is None else (first.block,)
    return Block(first.stage, numbers, every, tuple(edges), tuple(made))


def _collapsed(made: Sequence[Block]) -> list[Block]:
    """The blocks with each run of equal numbered ones merged."""
    merged: list[Block] = []
    for block in made:
        if merged and block.numbers and merged[-1].numbers and block.same(merged[-1]):
            merged[-1] = merged[-1].merged(block)
        else:
            merged.append(block)
    return merged
