"""Which rows of a table spell the same blocks, told from their graphs without building or pricing them.

`se` 0.25 and 0.251 squeeze a width of 16 to the same 4 channels, and an MBConv with `se` 0 is an inverted residual.
Behind each width the first of such options is the spelling; the others belong to no genome of the space there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from nas.architecture import Architecture
from nas.blocks import Stage
from nas.blocks.recipe import Norm, Recipe, Value
from nas.graph import Op, Pair, Shape, Width
from nas.graph.ops import Input
from nas.naming import naming_table

Word: TypeAlias = tuple[Any, ...]  # an op and what sets it apart

SIZE = 64  # of the map that a block is written for; a digest knows no sizes


class Shorthand(Recipe):
    """A recipe that notes ops instead of building nodes: a tenth of the time, and enough to tell blocks apart."""

    def __init__(self, base: Architecture, channels: int) -> None:
        self._words: list[tuple[Word, tuple[tuple[int, int], ...]]] = []
        super().__init__((channels, SIZE, SIZE), base.habits, naming_table(base.naming), repeats=(1,))

    def named(self, role: str) -> str:
        return role

    def _note(self, word: Word, shape: Shape, *inputs: Value) -> Value:
        self._words.append((word, tuple((int(value.node), value.output) for value in inputs)))
        return Value(str(len(self._words) - 1), 0, shape)

    def add_multi(self, op: Op, *inputs: Value, name: str, width: Width | None = None) -> tuple[Value, ...]:
        shapes = op.shapes(*[value.shape for value in inputs])
        first = self._note((op.kind, "" if isinstance(op, Input) else repr(op.canonical())), shapes[0], *inputs)
        return tuple(Value(first.node, index, shape) for index, shape in enumerate(shapes))

    def conv(
        self,
        x: Value,
        role: str,
        channels: int,
        kernel: int | Pair = 1,
        stride: int = 1,
        *,
        groups: int = 1,
        dilation: int = 1,
        padding: int | None = None,
        bias: bool = False,
        plain: bool = False,
        width: Width | None = None,
    ) -> Value:
        if padding is not None:
            more: dict[str, Any] = {"groups": groups, "dilation": dilation, "bias": bias, "plain": plain}
            return super().conv(x, role, channels, kernel, stride, padding=padding, **more)
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        shape = (channels, *(-(-size // stride) for size in x.shape[1:]))
        return self._note(("conv2d", x.channels, channels, kernel, stride, groups, dilation, bias, plain), shape, x)

    def norm(self, x: Value, role: str, norm: Norm | None = None) -> Value:
        if norm is not None:
            return super().norm(x, role, norm)
        return self._note(("norm",), x.shape, x) if self.normalises else x

    def act(self, x: Value, role: str, function: str | None = None) -> Value:
        if self.habits.activation_gain:
            return super().act(x, role, function)
        return self._note(("activation", function or self.habits.activation), x.shape, x)

    def letter(self, output: Value) -> Word:
        """The block as one value, equal where the digests are: ops in the digest's order, with their wires."""
        number: dict[int, int] = {}
        stack = [int(output.node)]
        while stack:
            at = stack.pop()
            if at not in number:
                number[at] = len(number)
                stack.extend(source for source, _ in reversed(self._words[at][1]))
        words = (self._words[at] for at in number)
        return tuple((word, *((number[source], index) for source, index in wires)) for word, wires in words)


class Spelling:
    """The stages of a table as blocks. `stages` lists the distinct rows of each stage (None: left out)."""

    def __init__(self, base: Architecture, stages: Sequence[Sequence[Stage | None]]) -> None:
        self._base = base
        self.blocks: list[Stage] = []  # the rows without repeats and stride, by number
        numbers: dict[Stage, int] = {}
        # stage -> option -> (block, stride, repeats)
        self.options: list[list[tuple[int, int, int] | None]] = []
        for rows in stages:
            told: list[tuple[int, int, int] | None] = []
            for row in rows:
                if row is None:
                    told.append(None)
                    continue
                block = row.model_copy(update={"repeats": 1, "stride": 1})
                if (number := numbers.setdefault(block, len(numbers))) == len(self.blocks):
                    self.blocks.append(block)
                told.append((number, row.stride, row.repeats))
            self.options.append(told)
        self._letters: dict[Word, int] = {}
        self.letter = lru_cache(maxsize=None)(self._letter)
        self.first = lru_cache(maxsize=None)(self._first)

    def _letter(self, block: int, stride: int, channels: int, edges: bool) -> int:
        """A number for a block behind so many channels, the same number for the same graph.

        With the `edges` of its stage: what stands before the first block and behind the last.
        """
        row = self.blocks[block].model_copy(update={"stride": stride})
        build = Shorthand(self._base, channels)
        out = row.lower(build, row.begin(build, build.input) if edges else build.input, stride)
        return self._letters.setdefault(build.letter(row.end(build, out) if edges else out), len(self._letters))

    def _first(self, stage: int, channels: int) -> tuple[int, ...]:
        """For each option of a stage (from 0) behind so many channels, the first that spells the same blocks."""
        options = self.options[stage]
        starts = {(told[0], told[1]) for told in options if told}
        letters = {start: self.letter(*start, channels, True) for start in starts} if len(starts) > 1 else {}
        if len(set(letters.values())) == len(letters):
            return tuple(range(len(options)))
        found: dict[tuple[int, ...], int] = {}
        first = []
        for number, told in enumerate(options):
            key: tuple[int, ...] = ()
            if told:
                block, stride, repeats = told
                key = (repeats, letters[block, stride])
                if repeats > 1:
                    key = (*key, self.letter(block, 1, self.blocks[block].channels, False))
            first.append(found.setdefault(key, number))
        return tuple(first)

    def widths(self) -> list[set[int]]:
        """The channels that each stage may meet, and those behind the last."""
        met = [{self._base.stem.channels}]
        for options in self.options:
            behind = {self.blocks[told[0]].channels for told in options if told}
            met.append(behind | met[-1] if None in options else behind)
        return met

    def again(self) -> list[tuple[int, int, int, int]]:
        """Every (stage, channels, option, first option) where an option spells again what an earlier one does."""
        return [
            (stage, channels, option, first)
            for stage, met in enumerate(self.widths()[:-1])
            for channels in sorted(met)
            for option, first in enumerate(self.first(stage, channels))
            if first != option
        ]

    def count(self, repeated: Sequence[bool]) -> int:
        """Distinct networks of one resolution; `repeated[i]`: stage i+1 has the options of stage i."""
        ways = {(self._base.stem.channels, False): 1}
        for stage, again in enumerate(repeated):
            behind: dict[tuple[int, bool], int] = {}
            for (channels, ended), so_far in ways.items():
                for option, first in enumerate(self.first(stage, channels)):
                    told = self.options[stage][option]
                    if first != option or (ended and told):
                        continue
                    key = (self.blocks[told[0]].channels, False) if told else (channels, again)
                    behind[key] = behind.get(key, 0) + so_far
            ways = behind
        return sum(ways.values())
