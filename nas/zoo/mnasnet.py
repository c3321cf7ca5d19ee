"""MnasNet (Tan et al. 2019, arXiv:1807.11626): the B1 variant, without squeeze-excite, as torchvision has it."""

from __future__ import annotations

from functools import partial

from nas.architecture import Architecture
from nas.blocks import ConvStem, PoolHead, stages
from nas.blocks.row import Norm
from nas.multiplying import multiply
from nas.zoo.entry import Entry

# tensorflow/tpu mnasnet_models.py, mnasnet_b1: kernel, repeats, stride, expand and channels of "r…_k…_s…_e…_i…_o…".
B1 = Architecture(
    resolution=224,
    stem=ConvStem(channels=32),
    stages=(
        *stages("block output channels", ("separable", "linear", 16)),
        *stages(
            "block  kernel repeats stride expand channels se",
            ("mbconv", 3, 3, 2, 3, 24, 0),
            ("mbconv", 5, 3, 2, 3, 40, 0),
            ("mbconv", 5, 3, 2, 6, 80, 0),
            ("mbconv", 3, 2, 1, 6, 96, 0),
            ("mbconv", 5, 4, 2, 6, 192, 0),
            ("mbconv", 3, 1, 1, 6, 320, 0),
        ),
    ),
    head=PoolHead(channels=1280, dropout=0.2),
    norm=Norm(momentum=1 - 0.9997),  # torchvision mnasnet.py: TensorFlow's 0.9997
    rounding="mobilenetv2",
    naming="torchvision_mnasnet",
    init="mnasnet",
)

ALPHAS = {"0_5": 0.5, "0_75": 0.75, "1_0": 1.0, "1_3": 1.3}


def mnasnet(alpha: float) -> Architecture:
    """MnasNet-B1 with widths × `alpha`; the last convolution keeps its width."""
    return multiply(B1, width=alpha).model_copy(update={"head": B1.head})


ENTRIES: dict[str, Entry] = {f"mnasnet{size}": Entry("mnasnet", partial(mnasnet, a)) for size, a in ALPHAS.items()}
