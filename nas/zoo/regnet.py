"""RegNet X and Y (Radosavovic et al. 2020, arXiv:2003.13678): networks that a rule of five numbers generates."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from math import inf, log
from typing import Literal

from nas.architecture import MOST_BLOCKS, Architecture
from nas.blocks import ConvStem, Stage, stages
from nas.blocks.groups import compatible
from nas.errors import ArchitectureError
from nas.zoo.entry import Entry

# arXiv:2003.13678, the tables of the top RegNetX and RegNetY models, by hundreds of millions of macs; the paper
# prints w_a and w_m rounded, these are the digits of its code (facebookresearch/pycls, configs/dds_baselines).
X = {
    #      d  w_0    w_a   w_m   g
    2: (13, 24, 36.44, 2.49, 8),
    4: (22, 24, 24.48, 2.54, 16),
    6: (16, 48, 36.97, 2.24, 24),
    8: (16, 56, 35.73, 2.28, 16),
    16: (18, 80, 34.01, 2.25, 24),
    32: (25, 88, 26.31, 2.25, 48),
    40: (23, 96, 38.65, 2.43, 40),
    64: (17, 184, 60.83, 2.07, 56),
    80: (23, 80, 49.56, 2.88, 120),
    120: (19, 168, 73.36, 2.37, 112),
    160: (22, 216, 55.59, 2.1, 128),
    320: (23, 320, 69.86, 2.0, 168),
}
Y = {
    2: (13, 24, 36.44, 2.49, 8),
    4: (16, 48, 27.89, 2.09, 8),
    6: (15, 48, 32.54, 2.32, 16),
    8: (14, 56, 38.84, 2.4, 16),
    16: (27, 48, 20.71, 2.65, 24),
    32: (21, 80, 42.63, 2.66, 24),
    40: (22, 96, 31.41, 2.24, 64),
    64: (25, 112, 33.22, 2.27, 72),
    80: (17, 192, 76.82, 2.19, 56),
    120: (19, 168, 73.36, 2.37, 112),
    160: (18, 200, 106.23, 2.48, 112),
    320: (20, 232, 115.89, 2.53, 232),
    1280: (27, 456, 160.83, 2.52, 264),  # not the paper's: torchvision regnet.py regnet_y_128gf
}
SE = {"x": 0.0, "y": 0.25}  # arXiv:2003.13678 §4: Y is X with squeeze-excite

# torchvision fits widths to groups by a rule of its own, so its x_400mf, y_800mf and y_8gf are not the paper's. timm
# has all of the paper's under its own names and names of modules.
TORCHVISION = {"x": (4, 8, 16, 32, 80, 160, 320), "y": (4, 8, 16, 32, 80, 160, 320, 1280)}
TIMM = {"x": tuple(X), "y": tuple(size for size in Y if size != 1280)}


def generate(
    w_0: int,
    w_a: float,
    w_m: float,
    d: int,
    group_width: int,
    *,
    bottleneck: float = 1.0,
    se: float = 0.0,
    fit: Literal["pycls", "torchvision"] = "pycls",
) -> tuple[Stage, ...]:
    """The stages of the RegNet with `d` blocks whose widths start at `w_0`, rise by `w_a` a block, in steps of × `w_m`.

    arXiv:2003.13678 §3.3: block j wants u_j = w_0 + w_a·j channels (eq. 2), which is w_0·w_m^s_j (eq. 3), and gets
    w_0·w_m^round(s_j) (eq. 4), to the nearest multiple of 8. Blocks of one width are a stage of stride 2; its
    width is made to fit the groups by the rule `fit` (`nas.blocks.groups.compatible`). Raises ArchitectureError for
    numbers that generate no network.
    """
    if not (w_0 > 0 and w_0 % 8 == 0 and 0 <= w_a < inf and 1 < w_m < inf and 1 <= d <= MOST_BLOCKS):
        raise ArchitectureError(
            f"w_0={w_0}, w_a={w_a:g}, w_m={w_m:g}, d={d} generate no RegNet; w_0 is a positive multiple of 8, "
            f"w_a at least 0, w_m above 1, d from 1 to {MOST_BLOCKS}"
        )
    steps = [round(log((w_0 + w_a * j) / w_0) / log(w_m)) for j in range(d)]
    widths = [round(w_0 * w_m**step / 8) * 8 for step in steps]
    rows = [(compatible(width, group_width, bottleneck, fit), len(list(run))) for width, run in groupby(widths)]
    return stages(
        "block channels group_width repeats stride bottleneck se",
        *[("regnet", *fitting, repeats, 2, bottleneck, se) for fitting, repeats in rows],
    )


def regnet(kind: str, size: int, source: Literal["torchvision", "timm"]) -> Architecture:
    """RegNet "x" or "y" of `size` hundred million macs, as torchvision or timm has it."""
    d, w_0, w_a, w_m, group_width = {"x": X, "y": Y}[kind][size]
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=32),
        stages=generate(
            w_0, w_a, w_m, d, group_width, se=SE[kind], fit="torchvision" if source == "torchvision" else "pycls"
        ),
        naming=f"{source}_regnet",
        drop_path_at="last" if source == "timm" else "end",
        init="regnet" if source == "torchvision" else "timm_regnet",
    )


def torchvision_name(kind: str, size: int) -> str:
    """torchvision's name: `regnet_x_400mf`, `regnet_y_1_6gf`."""
    macs = f"{size}00mf" if size < 10 else f"{size / 10:g}gf".replace(".", "_")
    return f"regnet_{kind}_{macs}"


ENTRIES: dict[str, Entry] = {
    **{
        torchvision_name(kind, size): Entry(f"regnet_{kind}", partial(regnet, kind, size, "torchvision"))
        for kind, sizes in TORCHVISION.items()
        for size in sizes
    },
    **{
        f"regnet{kind}_{size:03}": Entry(f"regnet_{kind}", partial(regnet, kind, size, "timm"), "timm")
        for kind, sizes in TIMM.items()
        for size in sizes
    },
}
