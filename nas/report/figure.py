"""Pictures as bytes: what all of them share. matplotlib is loaded here, on first use, through its object interface."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from io import BytesIO
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas.errors import FileError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".svg", ".png")
PAGE = ".html"  # an SVG for a page: its text stays text, which readers can search, copy and have read out
DPI = 150
LARGEST_SIDE, LARGEST_AREA = 30_000, 60_000_000  # pixels; a larger PNG gets fewer dots an inch

INK, MUTED, RULE = "#1f2933", "#5f6b7a", "#c5ccd6"  # text, small print, lines

# Whatever the user's matplotlibrc says: the same graph makes the same bytes, in a font that matplotlib brings.
SETTINGS: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "svg.hashsalt": "nascli",
    "svg.fonttype": "path",
    "text.usetex": False,
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "path.sketch": None,
    "path.effects": [],
    "savefig.bbox": None,
    "savefig.facecolor": "white",
    "savefig.edgecolor": "white",
}


def picture_suffix(path: str | Path) -> str:
    """The ending of `path` when it is one of SUFFIXES; FileError otherwise."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise FileError(f"{path}: a picture ends in {' or '.join(SUFFIXES)}, not in {suffix or 'nothing'!r}")
    return suffix


def render(suffix: str, width: float, height: float, paint: Callable[[Figure], None]) -> bytes:
    """The file of a `width` × `height` points figure after `paint` has drawn on it; equal drawings, equal bytes.

    The suffix PAGE means an SVG that goes into a page.
    """
    if suffix not in (*SUFFIXES, PAGE):
        raise FileError(f"a picture is one of {', '.join(SUFFIXES)}, not {suffix!r}")
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    buffer = BytesIO()
    settings, suffix = (SETTINGS | {"svg.fonttype": "none"}, ".svg") if suffix == PAGE else (SETTINGS, suffix)
    with rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # it is drawn as an empty box
        figure = Figure(figsize=(width / 72, height / 72), facecolor="white")
        (FigureCanvasSVG if suffix == ".svg" else FigureCanvasAgg)(figure)
        paint(figure)
        metadata = {"Date": None, "Creator": "nascli"} if suffix == ".svg" else {"Software": "nascli"}
        figure.savefig(buffer, format=suffix[1:], dpi=_dots(width / 72, height / 72), metadata=metadata)
    return buffer.getvalue()


def _dots(width: float, height: float) -> float:
    """Dots an inch for a picture of that size in inches."""
    return min(DPI, LARGEST_SIDE / max(width, height), sqrt(LARGEST_AREA / (width * height)))
