"""What the constructor of a class knows, and how it says a number: as a column, a width, or a literal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from nas.graph.node import Width

Numbers = Sequence[Any]  # one a block, None where it does not matter
FIXED = ("inputs", "channels", "stride", "drop_path", "passed")  # what every block's constructor takes
PLAIN = ("0", "1", "True", "False")


def make_divisible(width: float, divisor: int, least: int = 0) -> int:
    """`width` to the nearest multiple of `divisor`, and one step up again where more than a tenth would be lost."""
    found = max(divisor, least, int(width + divisor / 2) // divisor * divisor)
    return found + divisor if found < 0.9 * width else found


FUNCTIONS = {"round": round, "int": int, "max": max, "min": min, "make_divisible": make_divisible}


@dataclass(frozen=True)
class Mark:
    """Where a width comes from: the role that has it, the name of its source, and the marks, one a block."""

    role: str
    source: str
    widths: Sequence[Width | None]

    @property
    def first(self) -> Width:
        """One of the marks."""
        return next(width for width in self.widths if width is not None)


class Scope:
    """The names that a constructor may use, each with its value in every block; `used` are those that it does."""

    def __init__(self, rows: list[dict[str, Any]], *, literal_first: bool = False) -> None:
        self.rows = rows
        self.columns = list(rows[0])
        self.locals: dict[str, str] = {}  # name -> expression, in order of definition
        self.used: set[str] = set()
        self.literal_first = literal_first

    def values(self, expression: str) -> list[Any] | None:
        """The expression in every block; None where it cannot be computed."""
        code = compile(expression, "<scope>", "eval")
        try:
            return [eval(code, {"__builtins__": {}, **FUNCTIONS}, row) for row in self.rows]
        except (NameError, TypeError, ZeroDivisionError, ValueError):
            return None

    def fit(self, wanted: Numbers, candidates: Iterable[str]) -> str | None:
        """The first of the candidates that has the wanted value in every block that wants one; it is used."""
        for candidate in candidates:
            found = self.values(candidate)
            if found is not None and _agree(wanted, found):
                self.use(candidate)
                return candidate
        return None

    def use(self, expression: str) -> None:
        """Note the names of an expression as used."""
        names = set(re.findall(r"[A-Za-z_]\w*", expression)) & set(self.rows[0])
        for name in names - self.used:
            self.used.add(name)
            if name in self.locals:
                self.use(self.locals[name])

    def local(self, name: str, expression: str) -> str:
        """A local name for an expression (that of another one, where that has the same)."""
        if re.fullmatch(r"[A-Za-z_]\w*|\d+", expression):
            return expression
        for known, told in self.locals.items():
            if told == expression:
                return known
        fresh, number = name, 2
        while fresh in self.rows[0]:
            fresh, number = f"{name}{number}", number + 1
        values = self.values(expression)
        assert values is not None
        for row, value in zip(self.rows, values, strict=True):
            row[fresh] = value
        self.locals[fresh] = expression
        self.use(fresh)
        return fresh

    def number(self, wanted: Numbers, candidates: Sequence[str] = ()) -> str | None:
        """A number (or anything else): one of the candidates, a literal where it never changes, else a column.

        A 1, a yes and the like are told as they are: that a candidate is equal is chance.
        """
        constant = literal(wanted)
        if constant in PLAIN:
            return constant
        return self.fit(wanted, candidates) or constant or self.fit(wanted, self.columns)

    def channels(self, wanted: Numbers, near: Sequence[str], mark: Mark | None, name: str) -> str | None:
        """A count of channels: by its `mark` (the source's channels, and how they are derived), by the names `near`,
        by any name, as a difference or a multiple of them, or as a literal."""
        names = [*near, *(n for n in ("channels", *self.locals, "inputs") if n in self.rows[0])]
        constant = literal(wanted)
        if self.literal_first:
            return self.fit(wanted, near) or constant
        if constant == "1":
            return constant
        if mark is not None and (found := self.fit(wanted, self._derived(mark))):
            return self.local(name, found)
        if found := self.fit(wanted, names):
            return found
        columns = [n for n in self.columns if n not in names]
        if constant is None:
            pairs = [f"{a} {sign} {b}" for sign in "-+" for a, b in permutations(dict.fromkeys(names), 2)]
            found = self.fit(wanted, [*columns, *pairs])
        if found is None:
            found = self.fit(wanted, [f"{k} * {n}" for n in names for k in (2, 3, 4)])
        if found is None:
            found = self.fit(wanted, [f"{n} // {k}" for n in names for k in (2, 3, 4, 8, 16)])
        if found is None:
            ratios = [c for c in self.columns if any(isinstance(row[c], float) for row in self.rows)]
            forms = [f"int({n} * {c})" for n in names for c in ratios] + [
                f"max(1, int({n} * {c}))" for n in names for c in ratios
            ]
            if found := self.fit(wanted, forms):
                return self.local(name, found)
        if found is None:
            found = self.fit(wanted, [f"{a} - {k} * {b}" for a, b in permutations(names, 2) for k in (2, 3, 4)])
        return found or constant

    def _derived(self, mark: Mark) -> Iterable[str]:
        """Ways to say that width: its ratio as a column, a product of two, or a literal."""
        source, width = mark.source, mark.first
        for ratio in self._ratios(mark):
            whole = re.fullmatch(r"\d+", ratio)
            part = _inverse(ratio)
            product = f"{ratio} * {source}" if whole else f"{source} * {ratio}"
            if width.rounding == "divisible":
                least = f", {width.least}" if width.least > 1 else ""
                yield f"make_divisible({product}, {width.divisor}{least})"
            elif any(one is not None and one.divisor > 1 for one in mark.widths):
                divisors = [one and one.divisor for one in mark.widths]
                own = self._own()
                products = [f"({a} * {b})" for a, b in permutations(own, 2)]
                fitting = [d for d in (*own, *products, str(width.divisor)) if self._equal(d, divisors)]
                yield from (f"int({product}) // {d} * {d}" for d in fitting)
                yield from (f"max({d}, int({product}) // {d} * {d})" for d in fitting)
            else:
                if ratio == "1":
                    yield source
                if whole or self._whole(ratio):
                    yield product
                if part:
                    yield f"{source} // {part}"
                if width.rounding == "down":
                    yield from (f"int({product})", f"max(1, int({product}))")
                yield from (f"round({product})", f"int({product} + 0.5)", f"max(1, int({product} + 0.5))")

    def _own(self) -> list[str]:
        """The columns of the kind of block alone."""
        return [name for name in self.columns if name not in FIXED]

    def _ratios(self, mark: Mark) -> Iterable[str]:
        """Ways to say the ratio: a column (that of the mark's own part of the block first), a literal, a product."""
        ratios = [width and width.ratio for width in mark.widths]
        constant = literal(ratios)
        columns = sorted(self._own(), key=lambda name: (name == "se") != (mark.role.partition(".")[0] == "se"))
        yield from (name for name in columns if self._equal(name, ratios))
        if constant is not None:
            yield constant
        yield from (f"{a} * {b}" for a, b in permutations(columns, 2) if self._equal(f"{a} * {b}", ratios))
        for name in columns:
            yield from (f"{k} * {name}" for k in (2, 4, 0.5, 0.25) if self._equal(f"{k} * {name}", ratios))

    def _equal(self, expression: str, wanted: Numbers) -> bool:
        found = self.values(expression)
        return found is not None and all(type(one) in (int, float) for one in found) and _agree(wanted, found)

    def _whole(self, expression: str) -> bool:
        return all(isinstance(value, int) for value in self.values(expression) or [0.5])


def literal(wanted: Numbers) -> str | None:
    """The value as Python spells it, where it is the same in every block that wants one."""
    found = [value for value in wanted if value is not None]
    return spelled(found[0]) if all(value == found[0] for value in found) else None


def spelled(value: Any) -> str:
    """A value as Python spells it; a whole float as an int."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**31:
        value = int(value)
    return value if isinstance(value, str) else repr(value)


def _inverse(ratio: str) -> str:
    """The whole number that one is divided by, for a ratio such as 0.25; "" for any other."""
    try:
        number = 1 / float(ratio)
    except (ValueError, ZeroDivisionError):
        return ""
    return str(round(number)) if number > 1 and abs(number - round(number)) < 1e-9 else ""


def _agree(wanted: Numbers, found: Numbers) -> bool:
    return all(a is None or a == b for a, b in zip(wanted, found, strict=True))
