"""ShuffleNet (Zhang et al. 2018, arXiv:1707.01083) and ShuffleNet V2 (Ma et al. 2018, arXiv:1807.11164)."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.zoo.entry import Entry

REPEATS = (4, 8, 4)  # of stages 2 to 4, in both papers

# arXiv:1707.01083, Table 1: the output channels of stage 2 by the number of groups; each later stage has twice as many.
V1_CHANNELS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}
# Table 2: the network with all channels × a factor; Table 5 has the wide ones, of three groups.
V1_SIZES = [(1.0, groups) for groups in V1_CHANNELS] + [(0.25, 3), (0.5, 3), (1.5, 3), (2.0, 3)]
# The first convolution: megvii-model/ShuffleNet-Series ShuffleNetV1/network.py; at 0.25× that of Table 2's 13 Mflops.
V1_STEM = {0.25: 12, 0.5: 12, 1.0: 24, 1.5: 24, 2.0: 48}

# arXiv:1807.11164, Table 5: the output channels of stages 2 to 4 and of the last convolution.
V2_CHANNELS = {
    0.5: (48, 96, 192, 1024),
    1.0: (116, 232, 464, 1024),
    1.5: (176, 352, 704, 1024),
    2.0: (244, 488, 976, 2048),
}


def shufflenet(factor: float, groups: int) -> Architecture:
    """ShuffleNet 0.25× … 2× in so many groups."""
    first = round(V1_CHANNELS[groups] * factor)
    rows = [
        ("shufflenet", groups, "dense" if stage == 0 else "grouped", 2, first * 2**stage, repeats)
        for stage, repeats in enumerate(REPEATS)
    ]
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=V1_STEM[factor], pool=True),
        stages=stages("block groups first stride channels repeats", *rows),
        rounding=f"multiple_of_{max(8, 4 * groups)}",
    )


def shufflenetv2(factor: float) -> Architecture:
    """ShuffleNet V2 0.5× … 2×."""
    *widths, last = V2_CHANNELS[factor]
    rows = [("shufflenetv2", 2, channels, repeats) for channels, repeats in zip(widths, REPEATS, strict=True)]
    return Architecture(
        resolution=224,
        stem=ConvStem(channels=24, pool=True),
        stages=stages("block stride channels repeats", *rows),
        head=PoolHead(channels=last),
        naming="torchvision_shufflenetv2",
        init="torch",
    )


def _spelled(factor: float) -> str:
    """torchvision's spelling of a factor: "x1_5"."""
    return f"x{factor}".replace(".", "_")


ENTRIES: dict[str, Entry] = {
    **{f"shufflenet_v2_{_spelled(f)}": Entry("shufflenetv2", partial(shufflenetv2, f)) for f in V2_CHANNELS},
    **{
        (name := f"shufflenet_v1_{_spelled(f)}_g{g}"): Entry(
            "shufflenet", partial(shufflenet, f, g), "", follows=f"{name}: arXiv:1707.01083, Tables 1, 2 and 5"
        )
        for f, g in V1_SIZES
    },
}
