"""Latency: measured for the blocks of a space on one device, predicted for its networks."""

from __future__ import annotations

from nas.latency.reading import read_table
from nas.latency.table import LatencyTable

__all__ = ["LatencyTable", "read_table"]
