"""Write results/efficientnet.md: the published tables of EfficientNet and V2 beside ours.

python results/efficientnet.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nas import zoo
from nas.graph import cost

HERE = Path(__file__).parent
REFERENCE = HERE.parent / "tests" / "reference" / "efficientnet.json"

# Papers print two digits and counted a little differently; exact agreement is with the libraries' own counts.
PARAMS_TOLERANCE, MACS_TOLERANCE = 0.02, 0.05

HEAD = f"""# EfficientNet and EfficientNetV2: the published tables, reproduced

Written by `python results/efficientnet.py`; `tests/test_results.py` fails when it is stale.

`params` are trainable parameters, `macs` multiply-adds of convolutions and linear layers for one image at the
resolution given (what the papers call FLOPs). *Exact* are the counts of torchvision 0.28 or timm 1.0.31 and torch's
flop counter / 2; ours must equal them to the unit. *Published* are the figures of arXiv:1905.11946 Table 2 and of the
google/automl README for V2; they are rounded, so ours must lie within {PARAMS_TOLERANCE:.0%} (params) and
{MACS_TOLERANCE:.0%} (FLOPs).

| network | px | params | exact | published | off | macs | exact | published | off |
|---|---:|---:|:---:|---:|---:|---:|:---:|---:|---:|
"""


def rows() -> list[tuple[str, dict[str, Any]]]:
    """Zoo name and reference row of every member, in the order of the papers."""
    table = json.loads(REFERENCE.read_text())
    v1 = [(f"efficientnet_{size}", row) for size, row in table["v1"].items()]
    v2 = [(zoo.canonical(f"v2-{size}"), row) for size, row in table["v2"].items()]
    return v1 + v2


def published(text: str | None) -> float | None:
    """ "5.3M" or "0.39B" as a number."""
    if text is None:
        return None
    number = text.split()[0]
    return float(number[:-1]) * {"M": 1e6, "B": 1e9}[number[-1]]


def render() -> str:
    """The whole page."""
    lines = []
    for name, row in rows():
        total = cost(zoo.build(name))
        said = row.get("published_readme") or (row.get("published_params"), row.get("published_flops"))
        exact = (row["params_timm"], row.get("macs_conv_linear") or row["macs_conv_linear_at_eval_size"])
        cells = [name, str(total.input_shape[1])]
        for ours, count, text in zip((total.params, total.macs), exact, said, strict=True):
            figure = published(text)
            off = "" if figure is None else f"{ours / figure - 1:+.1%}"
            cells += [f"{ours:,}", "=" if ours == count else f"{count:,}", text.split()[0] if text else "-", off]
        lines.append("| " + " | ".join(cells) + " |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    (HERE / "efficientnet.md").write_text(render())
