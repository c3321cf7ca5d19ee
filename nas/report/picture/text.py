"""How wide a text is in DejaVu Sans (the font that matplotlib brings), in points: enough to lay out without drawing."""

from __future__ import annotations

# Advance widths in hundredths of an em, rounded up, read from DejaVuSans.ttf 2.37.
_GROUPS = {
    29: "'ijlIJ",
    35: " ,.·/:;\\|f",
    42: "-()[]t!²r",
    51: '"*_`–sz',
    56: "?cL",
    62: "FkvxyPTYaoe",
    65: "ESbdghnpqu$0123456789{}µφKAV",
    73: "BRXZCU",
    80: "HNDG&OQ",
    86: "w#+<=>^~×↓≤±−→M",
    100: "%m@—…W",
}
_EM = {character: width / 100 for width, group in _GROUPS.items() for character in group}
_OTHER = 1.0  # any other character; a few CJK signs are as wide as this, Latin and Greek are narrower
_BOLD = 0.08  # what bold adds to each character, at most


def clean(text: str, most: int = 200) -> str:
    """`text` on one line without control characters, cut after `most` characters."""
    text = "".join(character if character.isprintable() else " " for character in text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of the width in points of `text` at `size` points."""
    return size * sum(_EM.get(character, _OTHER) + _BOLD * bold for character in text)


def fitted(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """`text`, cleaned and cut with an ellipsis where it is wider than `width` points."""
    text = clean(text)
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""


def wrapped(text: str, width: float, size: float) -> list[str]:
    """The lines of `text`, broken between words so that none is wider than `width` points."""
    lines: list[str] = []
    for word in clean(text, 2000).split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(fitted(word, width, size))
    return lines
