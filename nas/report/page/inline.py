"""A picture inside a page: the SVG of a drawing, in the page's colours, with its text as text."""

from __future__ import annotations

import re

from nas.report.page.html import Html, element

_COLOUR = re.compile(r"\b(fill|stroke): ?(#[0-9a-f]{6})\b")
_ID = re.compile(r'(\bid="|\bhref="#|url\(#)')
_DROPPED = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<style[^>]*>.*?</style>", re.DOTALL)
_SIZE = re.compile(r'\A<svg [^>]*?viewBox="0 0 ([\d.]+) ([\d.]+)"[^>]*>', re.DOTALL)
READABLE = 600.0  # points: a picture is shown no narrower, and scrolls on a small screen


def figure(svg: bytes, name: str, told: str, caption: object = "", *, natural: bool = False) -> Html:
    """The SVG file as a figure. `told` says what it shows to whoever cannot see it.

    `name` keeps its ids apart from other pictures' ids. `natural` shows it in its own size, and scrolls what is wider.
    """
    text = _DROPPED.sub("", svg.decode())
    text = text[text.index("<svg ") :]
    size = _SIZE.match(text)
    assert size is not None, "matplotlib always writes a viewBox"
    inner = text[size.end() : text.rindex("</svg>")]
    inner = _COLOUR.sub(lambda found: f"{found[1]}: var(--c{found[2][1:]}, {found[2]})", inner)
    inner = _ID.sub(lambda found: f"{found[1]}{name}-", inner).replace("xlink:href", "href")
    width = float(size[1])
    least = f"min-width:{width:.0f}pt" if natural else f"min-width:{min(width, READABLE):.0f}px;max-width:{width:.0f}pt"
    title = element("title", told, id=f"{name}-title")
    picture = element(
        "svg",
        title,
        Html(inner),
        viewBox=f"0 0 {size[1]} {size[2]}",
        role="img",
        aria_labelledby=f"{name}-title",
        style=least,
    )
    under = element("figcaption", caption) if caption else ""
    return element("figure", element("div", picture, class_="wide", tabindex=0), under)
