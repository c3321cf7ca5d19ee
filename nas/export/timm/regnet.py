"""timm's RegNet: four stages of RegNet blocks, by the five numbers that generate them or as they stand."""

from __future__ import annotations

from typing import Any

from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead
from nas.export.timm.definition import Definition, norm_settings, rates, refuse
from nas.naming import naming_table
from nas.zoo.regnet import X, Y, generate

KINDS = ("regnet",)

# timm's RegNet reads its widths from the five numbers of the paper; one that they do not generate tells them itself.
STAGED = '''class Staged(RegNet):
    """A RegNet whose stages are those of STAGES."""

    def _get_stage_args(self, cfg, default_stride=2, output_stride=32, drop_path_rate=0.0):
        _, common = super()._get_stage_args(cfg, default_stride, output_stride, drop_path_rate)
        depths = [depth for _, depth, _ in STAGES]
        drops = torch.linspace(0, drop_path_rate, sum(depths), device="cpu").split(depths)
        stages = [
            dict(out_chs=width, stride=2, dilation=1, depth=depth, bottle_ratio=cfg.bottle_ratio, group_size=group,
                 drop_path_rates=drop.tolist())
            for (width, depth, group), drop in zip(STAGES, drops)
        ]
        return stages, common'''


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's RegNet cannot have."""
    rows: Any = table.stages
    stem = table.stem
    shared = {(row.bottleneck, row.se) for row in rows}
    if len(rows) != 4 or any(row.block != "regnet" or row.stride != 2 for row in rows) or len(shared) > 1:
        raise refuse(table, "a RegNet of timm has four stages of stride 2 that differ in width, depth and groups alone")
    if not isinstance(stem, ConvStem) or (stem.kernel, stem.stride, stem.pool) != (3, 2, False):
        raise refuse(table, "its stem is not timm's: a 3×3 convolution of stride 2")
    if not isinstance(table.head, PoolHead) or table.head.channels or table.padding != "symmetric":
        raise refuse(table, f"a head {table.head.head!r} behind RegNet's blocks has no definition here")
    norms = norm_settings(table)
    bottleneck, se = shared.pop()
    told = {"stem_width": stem.channels, "bottle_ratio": bottleneck, "se_ratio": se}
    more = {key: value for key, value in told.items() if value != {"stem_width": 32, "bottle_ratio": 1.0}.get(key, 0)}
    more |= {"norm_layer": norms["norm_layer"]} if "norm_layer" in norms else {}
    more |= {"act_layer": norms["act_layer"]} if table.activation != "relu" else {}
    five = _generating(rows)
    numbers = five or {"depth": 4, "w0": 8, "wa": 8.0, "wm": 2.0, "group_size": 8}  # what Staged overrules
    cfg = ", ".join(f"{key}={value}" for key, value in (numbers | more).items())
    imports = ["from timm.models.regnet import RegNet, RegNetCfg"]
    lines: tuple[str, ...] = ()
    if five is None:
        imports.insert(0, "import torch")
        table_lines = [f"    ({row.channels}, {row.repeats}, {row.group_width})," for row in rows]
        lines = ("STAGES = [  # channels, blocks, channels a group", *table_lines, "]", "", "", *STAGED.split("\n"))
    settings = {"cfg": f"RegNetCfg({cfg})", **rates(table)}
    return Definition(
        "RegNet" if five else "Staged", tuple(imports), settings, table, naming_table("timm_regnet"), lines
    )


def _generating(rows: Any) -> dict[str, float] | None:
    """The published numbers that generate these stages, if any do."""
    told = [(row.channels, row.repeats, row.group_width) for row in rows]
    for d, w_0, w_a, w_m, group in (*X.values(), *Y.values()):
        made: Any = generate(w_0, w_a, w_m, d, group)
        if [(row.channels, row.repeats, row.group_width) for row in made] == told:
            return {"depth": d, "w0": w_0, "wa": w_a, "wm": w_m, "group_size": group}
    return None
