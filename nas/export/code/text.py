"""Python text: a class, its docstring, the names of classes."""

from __future__ import annotations

import re
from collections.abc import Sequence


def class_text(name: str, base: str, doc: str, takes: list[str], text: list[str], defined: Sequence[str] = ()) -> str:
    """A class, from what its constructor takes and the lines of its body."""
    parts = "\n".join(text).split("\n\n")
    made, forward = parts[0].split("\n"), parts[1].split("\n") if len(parts) > 1 else []
    first = f"    def __init__({', '.join(['self', *takes])}) -> None:"
    if len(first) > 115:
        first = "\n".join(["    def __init__(", *(f"        {one}," for one in ("self", *takes)), "    ) -> None:"])
    begun = [] if base == "nn.Sequential" else ["super().__init__()"]
    told = [f"class {name}({base}):"]
    told += doc_lines(doc) if doc else []
    told += [first, *(f"        {line}" for line in (*begun, *defined, *made) if line)]
    if forward:
        told += ["", "    def forward(self, x: Tensor) -> Tensor:", *(f"        {line}" for line in forward)]
    return "\n".join(told) + "\n"


def doc_lines(doc: str) -> list[str]:
    """A docstring, and the empty line behind it."""
    found, line = [], '    """'
    for word in doc.split():
        if len(line) + len(word) > 114:
            found.append(line.rstrip())
            line = "    "
        line += word + " "
    return [*found, line.rstrip() + '"""', ""]


def first_sentences(doc: str) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(doc.strip().partition("\n\n")[0].split())


def signature(names: Sequence[str], types: dict[str, str]) -> list[str]:
    """What a constructor takes."""
    own = {"drop_path": "float", "stride": "int", "activation": "type[nn.Module]", "se": "float"}
    return [f"{name}: {types.get(name) or own.get(name, 'int')}" for name in names]


def camel(name: str) -> str:
    """`name` as a class's: efficientnet_b0 -> EfficientnetB0."""
    found = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
    return f"N{found}" if found[:1].isdecimal() else found
