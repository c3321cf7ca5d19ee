"""The table of stages as Python, and the function that builds their blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas.architecture import Architecture
from nas.errors import ExportError
from nas.export.code.blocks import Class
from nas.export.code.layout import Call, lines
from nas.export.code.scope import spelled
from nas.export.recording import Recording, input_channels


def widths_of(recording: Recording, table: Architecture) -> str:
    """How many channels the first block of a row reads: those of the row before ("before"), its own ("own"), or what
    the table must say ("told")."""
    inputs = [input_channels(recording, block) for block in recording.blocks if block.number == 0]
    if all(now == row.channels for now, row in zip(inputs, table.stages, strict=True)):
        return "own"
    return "before" if all(now == row.channels for now, row in zip(inputs[1:], table.stages, strict=False)) else "told"


def stage_text(
    recording: Recording, table: Architecture, classes: list[Class], rows: dict[int, dict[str, Any]], drops: bool
) -> str:
    """The table of stages, and the function that builds their blocks."""
    widths = widths_of(recording, table)
    explicit = widths == "told"
    of = {id(block): one for one in classes for block in one.blocks}
    firsts = {b.stage: of[id(b)] for b in recording.blocks if b.number == 0}
    others = {b.stage: of[id(b)] for b in recording.blocks if b.number}
    split = any(others.get(stage, one) is not one for stage, one in firsts.items())
    grows = any(one.grows for one in classes)
    inputs = [rows[id(b)]["inputs"] for b in recording.blocks if b.number == 0]
    header: tuple[str, ...] | None = None
    told: list[tuple[bool, tuple[str, ...]]] = []
    for stage, row in enumerate(table.stages, start=1):
        one, rest = firsts[stage], others.get(stage, firsts[stage])
        if rest is not one and rest.columns != one.columns:
            raise ExportError(f"code: the blocks of stage {stage} read different columns")
        first = next(b for b in recording.blocks if b.stage == stage)
        cells = {name: spelled(rows[id(first)][name]) for name in one.columns}
        names = ("block", *["others"] * split, *["inputs"] * explicit, "channels", "repeats", "stride", *cells)
        values = (one.name, *[rest.name] * split, *[str(inputs[stage - 1])] * explicit, str(row.channels))
        if names != header:
            told.append((True, names))
            header = names
        told.append((False, (*values, str(row.repeats), str(row.stride), *cells.values())))
    text = ["STAGES = (", *aligned(told), ")", "", ""]
    loop = f"block, {'others, ' * split}{'inputs, ' * explicit}channels, repeats, stride, *columns"
    keyed = [one for one in classes if any("passed" in rows[id(b)] for b in one.blocks)]
    takes = ["channels" if widths == "own" else "inputs", "channels", "1 if number else stride", "*columns"]
    takes += ["drop_path=DROP_PATH * done / STEPS"] * drops + ["passed=number or before"] * bool(keyed)
    kind = "(others if number else block)" if split else "block"
    if drops:
        total = len(recording.blocks)
        steps = total if table.drop_path_at == "end" else max(1, total - 1)
        text[0:0] = [f"DROP_PATH, STEPS = {table.drop_path}, {steps}  # the rate grows linearly, block by block", ""]
    text += [
        f"def build_stages({'inputs: int' if widths == 'before' else ''}) -> list[list[nn.Module]]:",
        '    """The blocks of each row of STAGES: the first of a row has the stride'
        f'{"" if grows else " and changes the width"}."""',
        "    stages: list[list[nn.Module]] = []",
        *["    done = 0"] * drops,
        *["    before = 0  # blocks of the row before"] * bool(keyed),
        f"    for {loop} in STAGES:",
        "        blocks: list[nn.Module] = []",
        "        for number in range(repeats):",
        *lines("blocks.append(", Call(kind, tuple(takes)), ")", 12),
        *[f"            inputs {'+=' if grows else '='} channels"] * (widths != "own"),
        *["            done += 1"] * drops,
        "        stages.append(blocks)",
        *["        before = repeats"] * bool(keyed),
        "    return stages",
    ]
    return "\n".join(text) + "\n"


def aligned(rows: Sequence[tuple[bool, tuple[str, ...]]]) -> list[str]:
    """Rows of a table, cell below cell; a True marks a header, which becomes a comment."""
    found: list[str] = []
    blocks: list[list[tuple[bool, tuple[str, ...]]]] = []
    for row in rows:
        if row[0]:
            blocks.append([])
        blocks[-1].append(row)
    for block in blocks:
        widths = [max(len(cells[n]) + 1 for _, cells in block) for n in range(len(block[0][1]))]
        for header, cells in block:
            ends = [cell if header else f"{cell}," for cell in cells]
            text = " ".join(cell.ljust(width) for cell, width in zip(ends, widths, strict=True)).rstrip(", ")
            found.append(f"    # {text.replace('  ', ' ', 1)}" if header else f"    ({text}),")
    return found
