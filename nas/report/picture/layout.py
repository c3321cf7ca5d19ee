"""The whole picture in plain numbers: a header, a panel a stage from left to right, wires between them, a legend.

Units are points (1/72 inch), y runs down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from nas.budget import human
from nas.graph import Cost, Graph, cost
from nas.report.picture.blocks import ENTRY, Block, blocks
from nas.report.picture.grid import arrange
from nas.report.picture.text import clean, fitted, text_width, wrapped
from nas.report.picture.wiring import Box, Drawn, Point, Wire, draw_block, trunk_width
from nas.report.picture.words import KINDS, map_words

PAGE = 1130.0  # widest row of panels (2354 pixels at 150 dpi), unless one panel alone is wider
TALLEST = 600.0  # of the blocks in one panel; a stage with more goes on in the next panel
MOST_BOXES = 3000  # more are left out, and the header says so
MARGIN, GUTTER, ROW_GAP = 18.0, 18.0, 24.0
PAD, FRAME_PAD, CAPTION, BLOCK_GAP = 6.0, 6.0, 9.0, 8.0
PANEL_HEAD = 58.0  # title, shape and the two bars
NARROWEST = 82.0
HEADER = 46.0
TITLE, PANEL_TITLE, BODY = 14.0, 9.0, 7.5  # font sizes
KEYS = (
    "↓2 stride 2 · dw depthwise · g groups · BN batch norm · SE 8 squeeze-excite through 8 channels · "
    "dashed box: one block, × n how often it stands there · bars: share of the network · "
    "macs: multiply-adds of one image"
)
