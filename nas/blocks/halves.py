"""Stages whose blocks make their output as two equal halves."""

from __future__ import annotations

from pydantic import model_validator

from nas.blocks.recipe import Width
from nas.blocks.row import Stage
from nas.errors import ArchitectureError


class Halved(Stage):
    """A stage of an even number of channels."""

    @model_validator(mode="after")
    def _even(self) -> Halved:
        if self.channels % 2:
            raise ArchitectureError(f"channels {self.channels} is odd; the block makes them as two equal halves")
        return self

    def fitted(self, group_width: float = 1.0) -> Halved:
        return self.model_copy(update={"channels": self.channels + self.channels % 2})


def half_of(node: str) -> Width:
    """The mark of half the channels of a node, which may be one not made yet."""
    return Width("derived", node, 0.5)
