"""Python text: calls that break into lines where one is too long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

WIDEST = 110


@dataclass(frozen=True)
class Call:
    """A call; its arguments are text or other calls."""

    function: str
    arguments: tuple[Argument, ...] = ()
    brackets: str = "()"

    def __str__(self) -> str:
        return f"{self.function}{self.brackets[0]}{', '.join(map(str, self.arguments))}{self.brackets[1]}"


Argument: TypeAlias = str | Call


def lines(begin: str, what: Argument, end: str = "", indent: int = 0) -> list[str]:
    """`begin`, the call, `end`: on one line, or with a line an argument."""
    pad = " " * indent
    whole = f"{pad}{begin}{what}{end}"
    if len(whole) <= WIDEST:
        return [whole]
    if isinstance(what, str):
        choice = re.fullmatch(r"(.+) if (.+) else (.+)", what)
        if choice is None:
            return [whole]
        one, told, other = choice.groups()
        return [f"{pad}{begin}(", f"{pad}    {one}", f"{pad}    if {told}", f"{pad}    else {other}", f"{pad}){end}"]
    if not what.arguments:
        return [whole]
    if len(what.arguments) == 1 and isinstance(inner := what.arguments[0], Call):
        opened, closed = f"{what.function}{what.brackets[0]}", what.brackets[1]
        return lines(f"{begin}{opened}", inner, f"{closed}{end}", indent)
    found = [f"{pad}{begin}{what.function}{what.brackets[0]}"]
    for argument in what.arguments:
        found += lines("", argument, ",", indent + 4)
    return [*found, f"{pad}{what.brackets[1]}{end}"]
