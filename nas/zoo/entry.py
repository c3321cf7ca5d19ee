"""What the zoo holds: a family's name, how to make one of its members, and which model is its oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nas.architecture import Architecture
from nas.zoo.plan import Plan


class Entry(NamedTuple):
    """One published network.

    `oracle` is the model that it equals, "LIBRARY:NAME", the name left out where it is the entry's own: "torchvision",
    "timm:legacy_senet154", "original:NAME" (the paper's own code; the table of published figures names the repository),
    "code:EXPRESSION" (a library's code, without a registered name). It is "" where nothing trustworthy exists;
    `follows` then says which description was built, and names the row of the table of published figures. A network
    that no table of stages holds has a `plan` in place of an architecture.
    """

    family: str
    architecture: Callable[[], Architecture] | None
    oracle: str = "torchvision"
    follows: str = ""
    plan: Plan | None = None

    @property
    def resolution(self) -> int:
        """Pixels of the side of its images."""
        if self.architecture is not None:
            return self.architecture().resolution
        assert self.plan is not None
        return self.plan.resolution

    @property
    def num_classes(self) -> int:
        """The classes of the published network."""
        return self.plan.num_classes if self.plan else 1000

    @property
    def in_chans(self) -> int:
        """The channels of its images."""
        return self.plan.in_chans if self.plan else 3

    def model(self, name: str) -> tuple[str, str]:
        """(library, model) of the oracle of the entry `name`; ("", "") without one."""
        library, _, model = self.oracle.partition(":")
        return library, (model or name) if library else ""
