"""A graph as a picture in plain numbers: parts (boxes), blocks, a grid, wires, panels. No matplotlib here."""

from nas.report.picture.layout import Key, Layout, Line, lay_out
from nas.report.picture.panels import Frame, Panel
from nas.report.picture.wiring import Box, Wire

__all__ = ["Box", "Frame", "Key", "Layout", "Line", "Panel", "Wire", "lay_out"]
