"""HTML from Python values: whatever is not markup already is escaped, so that a record can say what it likes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from rich.table import Table

LONG = 24  # letters of a cell; more may stand on several lines


class Html(str):
    """Markup that is whole: it goes into a page as it is. Every other text is escaped."""

    __slots__ = ()


def markup(*parts: object) -> Html:
    """The parts one after another, text among them escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(str(part)) for part in parts))


def element(name: str, *children: object, **attributes: object) -> Html:
    """An element with its children; `class_` is the attribute class, and an attribute that is None is left out."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{told}>{markup(*children)}</{name}>")


def paragraph(*parts: object) -> Html:
    """A paragraph."""
    return element("p", *parts)


class Missing(Html):
    """What a record lacks."""

    __slots__ = ()


def missing(*parts: object) -> Missing:
    """A paragraph that says what a record lacks, and where it would come from."""
    return Missing(element("p", *parts, class_="missing"))


def note(*parts: object) -> Html:
    """Small print."""
    return element("p", *parts, class_="note")


def command(text: str) -> Html:
    """A command line, in a box of its own."""
    return element("pre", element("code", text), tabindex=0)


def facts(rows: Iterable[tuple[str, object]]) -> Html:
    """Names with what they stand for."""
    return element("dl", *(markup(element("dt", name), element("dd", told)) for name, told in rows))


def table(header: str, rows: Iterable[Sequence[object]], caption: str = "") -> Html:
    """A table; columns whose header ends in > are right-aligned, as in `nas.report.tables.grid`."""
    names = header.split("|")
    sides = ["right" if name.endswith(">") else None for name in names]
    heads = [element("th", name.rstrip(">"), class_=side, scope="col") for name, side in zip(names, sides, strict=True)]
    body = [
        element(
            "tr",
            *(element("td", _cell(cell), class_=side or _long(cell)) for cell, side in zip(row, sides, strict=True)),
        )
        for row in rows
    ]
    title = element("caption", caption) if caption else ""
    whole = element("table", title, element("thead", element("tr", *heads)), element("tbody", *body))
    return element("div", whole, class_="wide", tabindex=0)


def of_terminal(part: object) -> Html:
    """What the terminal shows, a line of text or a rich table, as HTML."""
    if not isinstance(part, Table):
        return paragraph(part) if str(part) else Html("")
    header = "|".join(f"{column.header}{'>' if column.justify == 'right' else ''}" for column in part.columns)
    rows = zip(*(list(column.cells) for column in part.columns), strict=True)
    return table(header, rows, str(part.title or ""))


def bar(share: float) -> Html:
    """A bar whose length is a share from 0 to 1 of its column."""
    return element("span", class_="bar", style=f"--share:{100 * min(1.0, max(0.0, share)):.2f}%", aria_hidden="true")


def folded(title: str, *parts: object) -> Html:
    """Parts that the reader unfolds."""
    return element("details", element("summary", title), *parts)


def _long(cell: object) -> str | None:
    """The class of a cell that may break its line."""
    return "long" if not isinstance(cell, Html) and len(str(cell)) > LONG else None


def _cell(cell: Any) -> object:
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else cell
