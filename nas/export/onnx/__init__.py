"""From a graph to an ONNX model, with the `onnx` package and numpy alone."""

from __future__ import annotations

from nas.export.onnx.writing import write

__all__ = ["write"]
