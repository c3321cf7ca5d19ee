"""What a naming table is: from a role at a place in the network to the name of its node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Place:
    """Where the nodes being named stand: `variant` is "stem", "head" or a block's; `stage` counts from 1.

    `repeats` and `rows`, (channels, stride), are those of all stages.
    """

    variant: str
    stage: int
    block: int
    repeats: tuple[int, ...]
    rows: tuple[tuple[int, int], ...] = ()
    groups: dict[str, int] = field(default_factory=dict)  # the block's groups in order of appearance

    @property
    def flat(self) -> int:
        """Blocks before this one in the whole network."""
        return sum(self.repeats[: self.stage - 1]) + self.block if self.stage else 0


@dataclass(frozen=True, slots=True)
class Naming:
    """`prefix` locates a block; `parts` gives, for each variant, the role's name below it.

    Names are templates over: stage (from 1), stage0, block (from 0), block1, flat (blocks from 1 through the network),
    last (stages + 1), end (blocks + 1), n (ordinal of the role's group in its block) and m = n + 1.
    `counters` adds others, for libraries that count in their own way. A template that begins with "/" stands for the
    whole name, without the prefix. A role that a table leaves out keeps its own name.

    With `scales_as_maps` a state dict holds layer scales as (C, 1, 1), else as (C,).
    """

    prefix: str
    parts: Mapping[str, Mapping[str, str]]
    counters: Callable[[Place], Mapping[str, int | str]] | None = None
    scales_as_maps: bool = False

    def name(self, place: Place, role: str) -> str:
        """The node name of `role` at `place`."""
        inside = place.variant not in ("stem", "head")
        n = place.groups.setdefault(role.partition(".")[0], len(place.groups))
        table = self.parts.get(place.variant, {})
        template = table.get(role, role if inside else f"{place.variant}.{role}")
        absolute = template.startswith("/")
        return (template[1:] if absolute else f"{self.prefix}.{template}" if inside else template).format(
            **(self.counters(place) if self.counters else {}),
            stage=place.stage,
            stage0=place.stage - 1,
            block=place.block,
            block1=place.block + 1,
            flat=place.flat + 1,
            last=len(place.repeats) + 1,
            end=sum(place.repeats) + 1,
            n=n,
            m=n + 1,
        )


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Names for a network without a table: a role is the name itself, but for its last part.

    `parts` says what the oracle calls that: with {"norm": "bn"} the role "stem.norm" is the node "stem.bn".
    """

    parts: Mapping[str, str]
    scales_as_maps: bool = False

    def name(self, place: Place, role: str) -> str:
        """The node name of `role`, wherever it stands."""
        group, dot, part = role.rpartition(".")
        return group + dot + self.parts.get(part, part)
