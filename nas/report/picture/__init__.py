"""A graph as a picture in plain numbers: parts (boxes), blocks, a grid, wires, panels. No matplotlib here."""

from nas.report.picture.layout import Box, Frame, Key, Layout, Line, Panel, Wire, lay_out

__all__ = ["Box", "Frame", "Key", "Layout", "Line", "Panel", "Wire", "lay_out"]
