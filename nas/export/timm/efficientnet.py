"""timm's EfficientNet and MobileNetV3: any sequence of rows that their architecture strings know."""

from __future__ import annotations

from math import prod
from typing import Any

from nas.architecture import Architecture
from nas.blocks import ConvStem, HiddenHead, PoolHead, Stage, stage
from nas.export.timm.definition import Definition, norm_settings, rates, refuse
from nas.naming import Naming, efficientnet, mobilenetv1, mobilenetv4

KINDS = ("mbconv", "fused_mbconv", "inverted_residual", "separable", "mobilenetv3", "uib", "conv")
FUNCTIONS = {"relu": "re", "relu6": "r6", "hardswish": "hs", "silu": "sw"}  # timm _efficientnet_builder.py
DEEPEST = 32  # the stride behind which timm's models dilate instead


def define(table: Architecture) -> Definition:
    """The model; ExportError that names what timm's strings cannot say."""
    stem, head = table.stem, table.head
    if not isinstance(stem, ConvStem) or stem.stride != 2 or stem.pool:
        raise refuse(table, f"a stem {stem.stem!r} that is no convolution of stride 2 alone has no definition here")
    if stem.stride * prod(row.stride for row in table.stages) > DEEPEST:
        raise refuse(table, f"it reduces images by more than {DEEPEST}, behind which timm's models dilate")
    rows = tuple(_as_timm(row) for row in table.stages)
    settings = {"stem_size": str(stem.channels), "round_chs_fn": "int", **norm_settings(table), **rates(table, "end")}
    parts: dict[str, Any] = {**mobilenetv4.TIMM.parts, "separable": mobilenetv1.TIMM.parts["separable"]}
    if isinstance(head, PoolHead):
        model, parts["head"] = "EfficientNet", efficientnet.TIMM.parts["head"]
        settings["num_features"] = str(head.channels)
        if stem.kernel != 3:
            settings["stem_kernel_size"] = str(stem.kernel)
    elif isinstance(head, HiddenHead) and stem.kernel == 3:
        model = "MobileNetV3"
        settings["num_features"] = str(head.hidden)
        if head.layer == "conv_norm":
            settings |= {"head_bias": "False", "head_norm": "True"}
        else:
            head = head.model_copy(update={"layer": "conv"})  # what timm has for a linear layer
    else:
        raise refuse(table, f"a head {head.head!r} behind such a stem has no definition here")
    if table.padding == "same":
        settings["pad_type"] = '"same"'
    lines, width = [], stem.channels
    for number, row in enumerate(rows, start=1):
        lines.append(f'    ["{_string(table, row, number, width)}"],')
        width = row.channels
    settings |= _squeeze(table, rows)
    naming = Naming("blocks.{stage0}.{block}", parts)
    told = table.model_copy(update={"stages": rows, "head": head})
    imports = (
        f"from timm.models.{model.lower()} import {model}",
        "from timm.models._efficientnet_builder import decode_arch_def",
    )
    settings = {"block_args": "decode_arch_def(STAGES)", **settings}
    return Definition(model, imports, settings, told, naming, ("STAGES = [", *lines, "]"))


def _as_timm(row: Stage) -> Stage:
    """A bare inverted residual is an MBConv without squeeze-excite."""
    if row.block != "inverted_residual":
        return row
    return stage({**row.model_dump(), "block": "mbconv", "se": 0})


def _string(table: Architecture, row: Stage, number: int, width: int) -> str:
    """The row as timm's string; `width` is what its first block reads."""
    told: Any = row
    ends = f"s{row.stride}", f"c{row.channels}"
    match row.block:
        case "mbconv" | "mobilenetv3":
            se = [f"se{told.se:g}"] if told.se else []
            own = told.activation if row.block == "mobilenetv3" and told.activation != table.activation else ""
            if own and own not in FUNCTIONS:
                raise refuse(table, f"stage {number} has activation {own}, which timm's strings lack")
            more = [*se, *([f"n{FUNCTIONS[own]}"] if own else [])]
            if told.expand == 1:
                return _joined("ds", row, f"k{told.kernel}", *ends, *more)
            _expands(table, row, number, width, free=row.block == "mobilenetv3")
            return _joined("ir", row, f"k{told.kernel}", f"e{told.expand:g}", *ends, *more)
        case "fused_mbconv":
            if told.expand == 1:
                if told.se:
                    raise refuse(table, f"stage {number} squeezes and excites before its only convolution")
                return _joined("cn", row, f"k{told.kernel}", *ends, "skip")
            _expands(table, row, number, width)
            se = [f"se{told.se:g}"] if told.se else []
            return _joined("er", row, f"k{told.kernel}", f"e{told.expand:g}", *ends, *se)
        case "separable":
            kind, more = ("dsa", []) if told.output == "activated" else ("ds", ["noskip"])
            return _joined(kind, row, f"k{told.kernel}", *ends, *more)
        case "uib":
            return _joined("uir", row, f"a{told.start}", f"k{told.middle}", f"e{told.expand:g}", *ends)
        case "conv" if not told.pool and not told.bias:
            return _joined("cn", row, f"k{told.kernel}", *ends)
    raise refuse(table, f"blocks {row.block!r} of stage {number} have no definition here")


def _joined(kind: str, row: Stage, *parts: str) -> str:
    return "_".join([kind, f"r{row.repeats}", *parts])


def _expands(table: Architecture, row: Any, number: int, width: int, *, free: bool = False) -> None:
    """ExportError where timm would round the expanded width (to multiples of 8) to another one than ours."""
    for read in {width, *([row.channels] if row.repeats > 1 else [])}:
        if not free and read * row.expand % 8:
            raise refuse(table, f"stage {number} expands {read} channels × {row.expand:g}, which timm rounds to 8s")


def _squeeze(table: Architecture, rows: tuple[Stage, ...]) -> dict[str, str]:
    """How squeezed widths are rounded, and the activations around them."""
    v3 = {row.block == "mobilenetv3" for row in rows if getattr(row, "se", 0)}
    if not v3:
        return {}
    if len(v3) == 2:
        raise refuse(table, "its rows squeeze and excite in two ways")
    if v3.pop():
        more = 'gate_layer="hard_sigmoid", force_act_layer=nn.ReLU, rd_round_fn=round_channels'
        function = f"partial(SqueezeExcite, {more})"
        return {"se_layer": function, "se_from_exp": "True"} if isinstance(table.head, HiddenHead) else _no_v3(table)
    told = {"se_layer": "partial(SqueezeExcite, rd_round_fn=rounded_down)"}
    return told | ({"se_from_exp": "False"} if isinstance(table.head, HiddenHead) else {})


def _no_v3(table: Architecture) -> dict[str, str]:
    raise refuse(table, "MobileNetV3's squeeze-excite stands before another head than its own")
