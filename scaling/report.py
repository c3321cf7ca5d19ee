"""A scaled network, told: by which rule, how much it costs, and which published one it comes nearest to."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from nas import zoo
from nas.architecture import Architecture
from nas.budget import Budget, human
from nas.errors import ScaleError
from nas.files import document
from nas.graph import Cost, cost
from nas.graph.op import Op
from nas.graph.ops import Conv2d
from nas.lowering import lower
from nas.multiplying import multiply_cells
from nas.networks import Network
from nas.rounding import Rounding, rounding_rule
from scaling import presets
from scaling.applying import UNCAPPED, applied, within
from scaling.graphs import scale_graph
from scaling.rules import Caps, Factors, Rule
from scaling.solving import Solution, solve
from scaling.widths import Free

if TYPE_CHECKING:
    from nas.latency.predicting import Prediction

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
    """One scaling: which rule, by how much, the new network, its cost, and its nearest published kin.

    `target` and `solution` are there when φ was solved for a budget.
    """

    network: Network
    rule: str
    phi: float | None
    factors: Factors
    cost: Cost
    nearest: Published | None
    divisor: int | None = None
    target: Budget | None = None
    solution: Solution | None = None
    latency: Prediction | None = None

    @property
    def architecture(self) -> Architecture | None:
        """The scaled table; None for a bare graph."""
        return self.network.architecture

    @property
    def resolution(self) -> int:
        """Image height in pixels."""
        return self.network.graph.input_shape[1]

    def document(self) -> dict[str, Any]:
        """The contract of `nascli scale --json`."""
        described = self.network.described
        body: dict[str, Any] = {
            "name": self.network.name,
            "rule": self.rule,
            "phi": self.phi,
            "depth": self.factors.depth,
            "width": self.factors.width,
            "resolution": self.resolution,
            "params": self.cost.params,
            "macs": self.cost.macs,
            "memory": self.cost.memory,
            "architecture": described and described.model_dump(mode="json"),
            "nearest_published": None if self.nearest is None else asdict(self.nearest),
        }
        if self.latency is not None:
            body |= {"latency": self.latency.ns, "latency_note": self.latency.note}
        if self.target is not None and self.solution is not None:
            body |= {"target": str(self.target), "off": round(self.solution.off, 5), "reason": self.solution.reason}
        return document(SCALED, body)

    def remarks(self) -> list[str]:
        """What people trip over, in words."""
        rounding = "" if self.architecture is None else f"; rounding {self.architecture.rounding}"
        rounding += "" if self.divisor is None else f", widths to multiples of {self.divisor} (this time only)"
        at = "" if self.phi is None else f" at φ = {self.phi:.4g}"
        lines = [
            f"{self.rule}{at}: depth × {self.factors.depth:.3f}, width × {self.factors.width:.3f}, "
            f"{self.resolution} px{rounding}"
        ]
        if self.target is not None and self.solution is not None:
            why = f": {self.solution.reason}" if self.solution.reason else ""
            inside = self.target.low and self.target.low <= self.solution.amount <= self.target.high
            how = (
                f"met, {human(self.solution.amount, self.target.metric)}"
                if inside
                else f"met to {self.solution.off:+.1%}"
            )
            lines.append(f"{self.target} is {how}{why}")
        if self.latency is not None and self.latency.note:
            lines.append(self.latency.note)
        if (near := self.nearest) is not None:
            lines.append(
                f"nearest published by macs: {near.name} ({human(near.params, 'params')}, {human(near.macs, 'macs')} "
                f"at {near.resolution} px)"
            )
            if near.implied_phi is not None and self.rule == "efficientnet":
                told = {near.name: near.implied_phi}
                namesake = presets.PRESETS.get(f"b{self.phi:g}") if self.phi is not None else None
                if namesake is not None:
                    told = {namesake.member: presets.implied_phi(namesake), **told}
                spread = ", ".join(
                    f"{n} is φ ≈ {min(p.values()):.1f} to {max(p.values()):.1f}" for n, p in told.items()
                )
                lines.append(f"released members were set by hand, not at a whole φ: {spread}")
        return lines


@dataclass(frozen=True)
class Scaler:
    """Scales one network by one rule: at a φ, or to a budget. A bare graph is scaled as a graph (`scale_graph`)."""

    base: Network
    rule: Rule
    caps: Caps = UNCAPPED
    divisor: int | None = None
    free: Free = "marked"

    @property
    def rounding(self) -> Rounding:
        """The network's own rounding rule (a bare graph: multiples of 8), with the divisor asked for."""
        table = self.base.architecture
        own = rounding_rule("multiple_of_8" if table is None else table.rounding)
        return own if self.divisor is None else replace(own, divisor=self.divisor, least=self.divisor)

    def at(self, phi: float, name: str = "") -> Scaled:
        """The network at φ; raises ScaleError where there is none."""
        network, factors = self._network(phi, name or self._name(f"phi{phi:g}"))
        total = cost(network.graph)
        near = None if network.architecture is None else nearest_published(network.architecture, total.macs)
        return Scaled(network, self.rule.name, phi, factors, total, near, self.divisor)

    def to(self, budget: Budget) -> Scaled:
        """The network whose cost is nearest to the budget's upper end, as `solve` finds it."""
        found = solve(lambda phi: self._amount(phi, budget), budget)
        phi = round(found.phi, 6)
        told = replace(self.at(phi, self._name(str(budget).partition("@")[0])), target=budget, solution=found)
        return replace(told, latency=latency_of(told.network, budget.table)) if budget.table else told

    def _name(self, what: str) -> str:
        rule = "" if self.rule.name == "efficientnet" else f"_{self.rule.name}"
        return f"{self.base.name}{rule}_{what}"

    def _amount(self, phi: float, budget: Budget) -> float:
        network = self._network(round(phi, 6), "")[0]
        if budget.metric == "latency":
            return float(latency_of(network, budget.table).ns)
        return float(getattr(cost(network.graph), budget.metric))

    def _network(self, phi: float, name: str) -> tuple[Network, Factors]:
        base, table = self.base, self.base.architecture
        if table is not None:
            scaled, factors = applied(table, phi, rule=self.rule, caps=self.caps, rounding=self.rounding)
            return base.with_description(scaled, name), factors
        if self.rule.finish is not None or self.rule.replaces is not None:
            raise ScaleError(f"{base.name} is {base.kind}; rule {self.rule.name} needs a table of stages")
        factors = within(self.rule, self.rule.at(phi), self.caps, base.graph.input_shape[1])
        if factors.group_width != 1 and any(_grouped(node.op) for node in base.graph.nodes.values()):
            raise ScaleError(
                f"{base.name} is {base.kind}; rule {self.rule.name} scales groups, which needs a table of stages"
            )
        axes = {"depth": factors.depth, "width": factors.width, "resolution": factors.resolution}
        if base.cells is not None:
            return base.with_description(multiply_cells(base.cells, **axes, rounding=self.rounding), name), factors
        return Network(name, scale_graph(base.graph, **axes, rounding=self.rounding, free=self.free)), factors


def latency_of(network: Network, table: str) -> Prediction:
    """What a network takes by the latency table of a file. Logs a warning where that is another machine's."""
    from nas.latency.predicting import predict
    from nas.latency.reading import read_table, warn_of

    found = read_table(table)
    warn_of(found, table)
    return predict(network, found)


def _grouped(op: Op) -> bool:
    return isinstance(op, Conv2d) and 1 < op.groups < op.in_channels


def by_preset(network: Network, preset: str) -> Scaled:
    """A released member's multipliers, told."""
    released = presets.preset_named(preset)
    if network.architecture is None:
        raise ScaleError(f"{network.name} is {network.kind}; a preset needs a table of stages")
    table = presets.apply(network.architecture, preset)
    is_member = table == zoo.architecture(released.member)
    name = released.member if is_member else f"{network.name}_{preset}"
    rule = f"preset {preset}" if released.exact else f"preset {preset} (multipliers nearest to its table)"
    scaled = network.with_description(table, name)
    total = cost(scaled.graph)
    factors = Factors(released.depth, released.width, table.resolution / network.architecture.resolution)
    return Scaled(scaled, rule, None, factors, total, nearest_published(table, total.macs))


@cache
def _published(kinds: frozenset[str]) -> dict[str, int]:
    """Macs of the zoo's entries with those kinds of blocks."""
    kin = {name: zoo.architecture(name) for name in zoo.tables()}
    return {name: macs_of(table) for name, table in kin.items() if {row.block for row in table.stages} == kinds}


def macs_of(table: Architecture) -> int:
    """Macs of an architecture at its own image size, without lowering the blocks of a stage beyond the second.

    From the second on they are one block, so its share counts again for each that is left out.
    """
    if not all(row.uniform for row in table.stages):
        return cost(lower(table)).macs
    two = [row.model_copy(update={"repeats": min(row.repeats, 2)}) for row in table.stages]
    graph = lower(table.model_copy(update={"stages": tuple(two)}))
    total = cost(graph)
    left_out = {f"stage{n}": row.repeats - 2 for n, row in enumerate(table.stages, start=1)}
    seconds = (node for node in graph.nodes.values() if node.block == 1)
    return total.macs + sum(left_out[node.stage] * total.by_node[node.name].macs for node in seconds)


def nearest_published(table: Architecture, macs: int) -> Published | None:
    """The entry of the zoo with the same kinds of blocks whose macs are nearest on a log scale; None without one."""
    kin = _published(frozenset(row.block for row in table.stages))
    if not kin or macs == 0:
        return None
    name = min(kin, key=lambda member: abs(math.log(kin[member] / macs)))
    total = cost(zoo.build(name))
    released = next((preset for preset in presets.PRESETS.values() if preset.member == name), None)
    implied = None if released is None else {axis: round(phi, 2) for axis, phi in presets.implied_phi(released).items()}
    return Published(name, total.params, total.macs, total.input_shape[1], implied)
