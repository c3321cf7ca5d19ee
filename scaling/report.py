"""A scaled network beside the published one that it comes nearest to."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from nas import zoo
from nas.architecture import Architecture
from nas.budget import human
from nas.errors import ScaleError
from nas.files import document
from nas.graph import Cost, cost
from nas.lowering import lower
from nas.networks import Network
from scaling import compound, presets

SCALED = "nascli.scaled/1"


@dataclass(frozen=True)
class Published:
    """A published member, its cost at its own resolution, and the φ that its multipliers imply on each axis."""

    name: str
    params: int
    macs: int
    resolution: int
    implied_phi: dict[str, float] | None


@dataclass(frozen=True)
class Scaled:
    """One scaling: which rule, by how much, the new table, its cost and its nearest published kin.

    `depth` and `width` are the multipliers; the resolution in pixels is the architecture's.
    """

    network: Network
    rule: str
    phi: float | None
    depth: float
    width: float
    cost: Cost
    nearest: Published | None

    @property
    def architecture(self) -> Architecture:
        """The scaled table."""
        assert self.network.architecture is not None
        return self.network.architecture

    def document(self) -> dict[str, Any]:
        """The contract of `nascli scale --json`."""
        return document(
            SCALED,
            {
                "name": self.network.name,
                "rule": self.rule,
                "phi": self.phi,
                "depth": self.depth,
                "width": self.width,
                "resolution": self.architecture.resolution,
                "params": self.cost.params,
                "macs": self.cost.macs,
                "architecture": self.architecture.model_dump(mode="json"),
                "nearest_published": None if self.nearest is None else asdict(self.nearest),
            },
        )

    def remarks(self) -> list[str]:
        """What people trip over, in words."""
        lines = [
            f"{self.rule}: depth × {self.depth:.3f}, width × {self.width:.3f}, {self.architecture.resolution} px; "
            f"rounding {self.architecture.rounding}"
        ]
        if (near := self.nearest) is not None:
            lines.append(
                f"nearest published by macs: {near.name} ({human(near.params, 'params')}, {human(near.macs, 'macs')} "
                f"at {near.resolution} px)"
            )
            if near.implied_phi is not None:
                implied = ", ".join(f"{phi:.1f} ({axis})" for axis, phi in near.implied_phi.items())
                lines.append(f"released members were set by hand, not at a whole φ: {near.name} implies φ ≈ {implied}")
        return lines


def by_phi(network: Network, phi: float) -> Scaled:
    """Compound scaling by φ, told."""
    table = compound.scale(_table(network), phi)
    factors = compound.multipliers(phi)
    return _told(network, f"{network.name}_phi{phi:g}", table, "efficientnet", phi, factors["depth"], factors["width"])


def by_preset(network: Network, preset: str) -> Scaled:
    """A released member's multipliers, told."""
    released = presets.preset_named(preset)
    table = presets.apply(_table(network), preset)
    is_member = table == zoo.architecture(released.member)
    name = released.member if is_member else f"{network.name}_{preset}"
    rule = f"preset {preset}" if is_member or released.exact else f"preset {preset} (nearest multipliers)"
    return _told(network, name, table, rule, None, released.depth, released.width)


def _table(network: Network) -> Architecture:
    if network.architecture is None:
        raise ScaleError(f"{network.name} is a bare graph; scaling needs an architecture, as best.json has it")
    return network.architecture


def _told(
    base: Network, name: str, table: Architecture, rule: str, phi: float | None, depth: float, width: float
) -> Scaled:
    graph = lower(table, base.num_classes, base.in_chans, name=name)
    total = cost(graph)
    scaled = Network(name, graph, table, base.num_classes, base.in_chans)
    return Scaled(scaled, rule, phi, depth, width, total, nearest_published(table, total.macs))


def nearest_published(table: Architecture, macs: int) -> Published | None:
    """The entry of the zoo with the same kinds of blocks whose macs are nearest on a log scale; None without one."""
    kinds = {row.block for row in table.stages}
    kin = {name: zoo.architecture(name) for name in zoo.names()}
    costs = {n: cost(lower(member)) for n, member in kin.items() if {row.block for row in member.stages} == kinds}
    if not costs or macs == 0:
        return None
    name = min(costs, key=lambda member: abs(math.log(costs[member].macs / macs)))
    released = next((preset for preset in presets.PRESETS.values() if preset.member == name), None)
    implied = None if released is None else {axis: round(phi, 2) for axis, phi in presets.implied_phi(released).items()}
    return Published(name, costs[name].params, costs[name].macs, kin[name].resolution, implied)
