"""A family: one network scaled by one rule to several budgets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.budget import Budget
from nas.errors import ScaleError
from nas.files import document, write_bytes, write_text
from nas.networks import Network, network_text
from nas.report.family import Member, family_picture
from nas.report.zoo import published_families
from scaling.report import Scaled, Scaler
from scaling.rules import rule_named

FAMILY = "nascli.family/1"
MOST = 64  # members


def targets(text: str) -> list[Budget]:
    """The budgets of "200M,400M,800M,1.6G-flops": the last one's metric holds for those without one."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or len(parts) > MOST:
        raise ScaleError(f"family {text!r}: name 1 to {MOST} budgets, for example 200M,400M,800M-flops")
    _, dash, metric = parts[-1].partition("-")
    return [Budget.parse(part if "-" in part else f"{part}{dash}{metric}") for part in parts]


@dataclass(frozen=True)
class Family:
    """The members, in the order of their budgets."""

    base: str
    rule: str
    source: str
    members: tuple[Scaled, ...]

    def document(self) -> dict[str, Any]:
        """The contract of family.json and `nascli scale --family --json`."""
        rows = [{k: v for k, v in m.document().items() if k not in ("schema", "nascli_version")} for m in self.members]
        return document(FAMILY, {"base": self.base, "rule": self.rule, "source": self.source, "members": rows})

    def rows(self) -> list[dict[str, Any]]:
        """What a table of the family shows."""
        return [
            {
                "target": str(m.target),
                "phi": m.phi,
                "depth": m.factors.depth,
                "width": m.factors.width,
                "resolution": m.resolution,
                "params": m.cost.params,
                "macs": m.cost.macs,
                **({} if m.latency is None else {"latency": m.latency.ns}),
                "off": m.solution.off if m.solution else 0.0,
            }
            for m in self.members
        ]

    def remarks(self) -> list[str]:
        """The rule, and why a member is not nearer to its budget."""
        off = [f"{m.target}: {m.solution.reason}" for m in self.members if m.solution and m.solution.reason]
        return ["", f"rule {self.rule} ({self.source})", *off]

    def picture(self, suffix: str) -> bytes:
        """The members in front of the published families, as a file with that suffix."""
        mine = [Member(str(m.target), float(m.cost.macs), float(m.cost.params)) for m in self.members]
        title = f"{self.base} by rule {self.rule}"
        return family_picture(mine, suffix, title=title, published=published_families())

    def write(self, folder: Path) -> list[Path]:
        """Write family.json, family.png and a network file a member; which files were written."""
        files = []
        for member in self.members:
            path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', member.network.name)}.json"
            write_text(path, network_text(member.network))
            files.append(path)
        write_text(folder / "family.json", json.dumps(self.document(), indent=1))
        write_bytes(folder / "family.png", self.picture(".png"))
        return [folder / "family.json", folder / "family.png", *files]


def family(scaler: Scaler, budgets: Sequence[Budget]) -> Family:
    """One member a budget; raises InfeasibleError for a budget that the rule does not reach."""
    members = tuple(scaler.to(budget) for budget in budgets)
    return Family(scaler.base.name, scaler.rule.name, scaler.rule.source, members)


def family_by(rule: str) -> Callable[[Network, str], Family]:
    """What makes the family of a network at the budgets of a text, by the rule of that name; ScaleError for none."""
    known = rule_named(rule)
    return lambda network, budgets: family(Scaler(network, known), targets(budgets))
