"""From a table of stages to a Python file: a class a kind of block, found by what its blocks have in common."""

from __future__ import annotations

from nas.export.code.file import code_of

__all__ = ["code_of"]
