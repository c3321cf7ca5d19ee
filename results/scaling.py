"""Write results/scaling.md: what the scaling rules give, beside what was released.

python results/scaling.py
"""

from __future__ import annotations

import json
import sys
from itertools import zip_longest
from pathlib import Path

# Run as a script, this file would be found under the name of the package that it imports.
sys.path.sort(key=lambda folder: Path(folder) == Path(__file__).parent)

import scaling
from nas import zoo
from nas.architecture import Architecture
from nas.blocks import Stage
from nas.graph import Cost, cost
from nas.lowering import lower
from nas.report.tables import markdown
from nas.zoo import published, regnet
from scaling.rules import ALPHA, BETA, GAMMA, efficientnetv2

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "tests" / "reference"
QUOTED = {"b1": 0.5, "b2": 1, "b3": 2, "b4": 3, "b5": 4, "b6": 5, "b7": 6}  # no φ is in the paper or its code
V2 = ("s", "m", "l")
DOUBLING = ("fast", "depth", "width", "resolution")

HEAD = """# Scaling: what the rules give, beside what was released

Written by `python results/scaling.py`; `tests/test_results.py` fails when it is stale. `docs/scaling.md` explains it.

`params` are trainable parameters, `macs` multiply-adds of one image at the resolution given. *Released* figures are
those of `tests/reference/` and `nas/zoo/published.json`, counted in torchvision and timm.
"""

B_HEAD = f"""
## 1. B1 to B7 by formula

Depth {ALPHA}^φ, width {BETA}^φ, 224 px × {GAMMA}^φ (arXiv:1905.11946 §3.3). The paper and its code give no φ of a
member: these are the commonly quoted ones. The *implied* φ is the one at which an axis of the formula meets the
released multiplier. B8 and L2 have no quoted φ.
"""

V2_HEAD = """
## 2. V2-S, M and L by rule

The paper (arXiv:2104.00298 §3.4) has one sentence on how M and L came from S; the rule `efficientnetv2` makes it
explicit, with V2-B0 as the base. The multipliers of S, M and L below were chosen because they come nearest; given them,
φ sets the image size alone, and is the one that the released size implies. Each cell is ours, with the released figure
behind it where it differs; rows are channels × repeats.
"""

V2_NOTE = """
The stem is as wide as stage 1 and the head keeps its 1280 channels, as in the released S, M and L (V2-B1 to B3 scale
both): L comes out to the unit.
"""

REGNET_HEAD = """
## 3. RegNetX and RegNetY from five numbers

Each network from the paper's w_0, w_a, w_m, d and group width g (arXiv:2003.13678; `nas/zoo/regnet.py`). *Exact* are
the counts of timm or torchvision, as the column before says; = where ours equal them.
"""

COST_HEAD = f"""
## 4. What a φ really costs

B0 scaled by each rule. *Nominal* is what the rule promises: (α·β²·γ²)^φ = {ALPHA * BETA**2 * GAMMA**2:.5g}^φ for
`efficientnet`, 2^φ for the others. The rest is counted, relative to B0.
"""


def table(columns: str, rows: list[list[str]]) -> str:
    """A Markdown table; the first column is text."""
    first, *others = columns.split("|")
    return "\n" + markdown("|".join([first, *(f"{name}>" for name in others)]), rows)


def measured(architecture: Architecture) -> Cost:
    """The cost of an architecture at its own image size."""
    return cost(lower(architecture))


def beside(ours: object, released: object) -> str:
    """Ours, and the released figure where it differs."""
    return f"{ours}" if ours == released else f"{ours} ({released})"


def compound() -> str:
    """B1 to B7 by formula, axis by axis, and what they cost."""
    reference, base = json.loads((REFERENCE / "efficientnet.json").read_text())["v1"], zoo.architecture("b0")
    axes, costs = [], []
    for member in [*QUOTED, "b8", "l2"]:
        released, implied = reference[member], scaling.implied_phi(scaling.PRESETS[member])
        phi = QUOTED.get(member)
        cells = [member.upper(), "-" if phi is None else f"{phi:g}"]
        factors = None if phi is None else scaling.rule_named("efficientnet").at(phi)
        ours = None if phi is None else scaling.scale(base, phi)
        formula = ["-"] * 3
        if factors and ours:
            formula = [f"{factors.depth:.3f}", f"{factors.width:.3f}", str(ours.resolution)]
        for axis, computed in zip(("depth", "width", "resolution"), formula, strict=True):
            cells += [computed, str(released[axis]), f"{implied[axis]:.2f}"]
        axes.append(cells)
        if ours is None:
            continue
        channels, repeats = released["channels"]["stages"], released["repeats"]
        pairs = zip(channels, repeats, strict=True)
        same = sum((row.channels, row.repeats) == pair for row, pair in zip(ours.stages, pairs, strict=True))
        total, cells = measured(ours), [member.upper(), f"{phi:g}", f"{same} of {len(ours.stages)}"]
        for count, exact in ((total.params, released["params_timm"]), (total.macs, released["macs_conv_linear"])):
            cells += [f"{count:,}", f"{exact:,}", f"{count / exact - 1:+.1%}"]
        costs.append(cells)
    columns = "member|φ|depth by formula|released|implied φ|width by formula|released|implied φ|px by formula|released"
    text = table(columns + "|implied φ", axes) + "\nRows alike are stages with the released channels and repeats.\n"
    return text + table("member|φ|rows alike|params by formula|released|off|macs by formula|released|off", costs)


def v2() -> str:
    """V2-S, M, L by rule: stages, stem, head, size and cost."""
    base, columns, said = zoo.architecture("v2-b0"), {}, []
    reference = json.loads((REFERENCE / "efficientnet.json").read_text())["v2"]
    for size in V2:
        preset, released = scaling.PRESETS[f"v2-{size}"], zoo.architecture(f"v2-{size}")
        implied = scaling.implied_phi(preset)
        rule = efficientnetv2(depth=preset.depth, width=preset.width)
        ours = scaling.scale(base, implied["resolution"], rule=rule)
        pairs = [[f"{row.channels} × {row.repeats}" for row in network.stages] for network in (ours, released)]
        total, row = measured(ours), reference[size]
        exact = (row["params_timm"], row["macs_conv_linear_at_eval_size"])
        figures = [f"{n:,} ({n / e - 1:+.1%})" for n, e in zip((total.params, total.macs), exact, strict=True)]
        stages = [beside(*pair) for pair in zip_longest(*pairs, fillvalue="none")]
        columns[size] = [
            *(f"{implied[axis]:.2f}" for axis in ("depth", "width", "resolution")),
            f"{ours.resolution} px" + ("" if ours.resolution == row["eval_size"] else f" ({row['eval_size']})"),
            beside(ours.stem.channels, released.stem.channels),
            *stages,
            *["-"] * (7 - len(stages)),
            beside(ours.head.channels, released.head.channels),
            *figures,
        ]
        misses = [f"stage {n}: {cell}" for n, cell in enumerate(stages, start=1) if "(" in cell]
        all_of = f"{len(stages) - len(misses)} of {len(stages)} stages exact"
        said.append(f"- **{size.upper()}**: {all_of}" + (f"; {', '.join(misses)}." if misses else "."))
    names = ["implied φ, depth", "implied φ, width", "implied φ, resolution", "image size", "stem"]
    names += [*(f"stage {n}" for n in range(1, 8)), "head", "params (off)", "macs (off)"]
    heads = [f"{s.upper()}: width {(p := scaling.PRESETS[f'v2-{s}']).width}, depth {p.depth}" for s in V2]
    rows = [[name, *cells] for name, *cells in zip(names, *columns.values(), strict=True)]
    return table("|".join(["", *heads]), rows) + "\n" + "\n".join(said) + "\n" + V2_NOTE


def regnets() -> str:
    """RegNetX and Y 200MF to 32GF, generated, beside the exact counts."""
    counted = {row.oracle.split(".")[-1].split(":")[-1]: row for row in published.rows()}
    rows = []
    for kind, sizes in (("x", regnet.X), ("y", regnet.Y)):
        for size, (d, w_0, w_a, w_m, g) in sizes.items():
            names = {"timm": f"regnet{kind}_{size:03}", "torchvision": regnet.torchvision_name(kind, size)}
            made: dict[tuple[Stage, ...], list[str]] = {}
            for source in names:
                if names[source] in counted and size < 1000:  # 128GF is not the paper's
                    made.setdefault(regnet.regnet(kind, size, source).stages, []).append(source)
            for sources in made.values():
                ours, exact = regnet.regnet(kind, size, sources[0]), counted[names[sources[0]]]
                total, title = measured(ours), f"{kind.upper()}-{f'{size}00MF' if size < 10 else f'{size / 10:g}GF'}"
                stages = [f"{row.channels} × {row.repeats}" for row in ours.stages]
                cells = [title, *(f"{n:g}" for n in (w_0, w_a, w_m, d, g)), ", ".join(stages), ", ".join(sources)]
                for n, count in ((total.params, exact.params), (total.macs, exact.macs)):
                    cells += [f"{n:,}", "=" if n == count else f"{count:,}"]
                rows.append(cells)
    agree = sum(cells[-1] == cells[-3] == "=" for cells in rows)
    twice = sorted({row[0] for row in rows if sum(row[0] == other[0] for other in rows) > 1})
    text = f"\n{agree} of {len(rows)} agree to the unit in params and macs. Two rows: {', '.join(twice)}, where\n"
    text += "torchvision's own rule of fitting widths to groups gives another network than the paper's.\n"
    columns = "network|w_0|w_a|w_m|d|g|stages: channels × repeats|counted in|params|exact|macs|exact"
    return text + table(columns, rows)


def growth() -> str:
    """Each φ's growth of macs beside the nominal one."""
    base, product = zoo.architecture("b0"), ALPHA * BETA**2 * GAMMA**2
    before, rows = measured(base), []
    for rule, promised, last in [("efficientnet", product, 7), *((name, 2, 3) for name in DOUBLING)]:
        for phi in range(1, last + 1):
            total, nominal = measured(scaling.scale(base, phi, rule=rule)), promised**phi
            ratios = [getattr(total, key) / getattr(before, key) for key in ("macs", "params", "activations")]
            off = f"{ratios[0] / nominal - 1:+.1%}"
            rows.append([rule, str(phi), f"{nominal:.3f}", f"{ratios[0]:.3f}", off, *(f"{r:.3f}" for r in ratios[1:])])
    return table("rule|φ|nominal|macs|off|params|activations", rows)


def render() -> str:
    """The whole page."""
    return HEAD + B_HEAD + compound() + V2_HEAD + v2() + REGNET_HEAD + regnets() + COST_HEAD + growth()


if __name__ == "__main__":
    (HERE / "scaling.md").write_text(render())
