"""Inception-ResNet v1 and v2 (Szegedy et al. 2016, arXiv:1602.07261), v2 as timm has it, after TensorFlow's code."""

from __future__ import annotations

from nas.blocks.recipe import Recipe, Value
from nas.graph.ops import Add, Scale
from nas.zoo.branches import HABITS, HALVE, MEAN, Chain, Conv, Module, chain, side_by_side
from nas.zoo.entry import Entry
from nas.zoo.plan import Plan

SCALES = (0.17, 0.1, 0.2)  # of the residuals (§3.3: 0.1 to 0.3); the numbers are those of TensorFlow's code

STEM: Chain = {  # as far as both have it: figure 14, and TensorFlow's code, which has it for v2 too
    "conv2d_1a": Conv(32, 3, 2, 0),
    "conv2d_2a": Conv(32, 3, 1, 0),
    "conv2d_2b": Conv(64, 3),
    "maxpool_3a": HALVE,
    "conv2d_3b": Conv(80),
    "conv2d_4a": Conv(192, 3, 1, 0),
}


def block35(second: int, third: int) -> Module:
    """Inception-ResNet-A: figures 10 and 16."""
    return {
        "branch0": (Conv(32),),
        "branch1.{}": (Conv(32), Conv(32, 3)),
        "branch2.{}": (Conv(32), Conv(second, 3), Conv(third, 3)),
    }


def block17(ones: int, row: int, column: int) -> Module:
    """Inception-ResNet-B: figures 11 and 17."""
    return {"branch0": (Conv(ones),), "branch1.{}": (Conv(128), Conv(row, (1, 7)), Conv(column, (7, 1)))}


def block8(row: int, column: int) -> Module:
    """Inception-ResNet-C: figures 13 and 19."""
    return {"branch0": (Conv(192),), "branch1.{}": (Conv(192), Conv(row, (1, 3)), Conv(column, (3, 1)))}


def reduction_a(k: int, l: int, m: int, n: int) -> Module:  # noqa: E741  the paper's letters
    """From 35×35 to 17×17: figure 7, Table 1."""
    return {
        "branch0": (Conv(n, 3, 2, 0),),
        "branch1.{}": (Conv(k), Conv(l, 3), Conv(m, 3, 2, 0)),
        "branch2": (HALVE,),
    }


def reduction_b(second: int, middle: int, third: int) -> Module:
    """From 17×17 to 8×8: figures 12 and 18."""
    return {
        "branch0.{}": (Conv(256), Conv(384, 3, 2, 0)),
        "branch1.{}": (Conv(256), Conv(second, 3, 2, 0)),
        "branch2.{}": (Conv(256), Conv(middle, 3), Conv(third, 3, 2, 0)),
        "branch3": (HALVE,),
    }


MIXED_5B: Module = {
    "branch0": (Conv(96),),
    "branch1.{}": (Conv(48), Conv(64, 5)),
    "branch2.{}": (Conv(64), Conv(96, 3), Conv(96, 3)),
    "branch3.{}": (MEAN, Conv(64)),
}


def residual(build: Recipe, x: Value, name: str, module: Module, scale: float, *, act: bool = True) -> Value:
    """x + scale · a 1×1 convolution of the branches, which has a bias and no norm."""
    y = side_by_side(build, x, name, module)
    y = build.conv(y, f"{name}.conv2d", x.channels, bias=True, width=build.beside(x, 1))
    if scale != 1:
        y = build.add(Scale(scale), y, name=f"{name}.scale")
    y = build.add(Add(), y, x, name=f"{name}.add")
    return build.act(y, f"{name}.act") if act else y


def repeated(build: Recipe, x: Value, stage: int, module: Module, repeats: int) -> Value:
    """The residual blocks of a stage."""
    name = f"repeat_{stage - 1}" if stage > 1 else "repeat"
    for block in range(repeats):
        build.at(f"stage{stage}", block)
        x = residual(build, x, f"{name}.{block}", module, SCALES[stage - 1])
    build.at(f"stage{stage}")
    return x


def inception_resnet_v1(build: Recipe, x: Value, num_classes: int, dropout: float) -> Value:
    """Figures 14 and 15."""
    build.at("stem")
    x = chain(build, x, STEM)
    build.at("stage1")
    x = chain(build, x, {"conv2d_4b": Conv(256, 3, 2, 0)})
    x = repeated(build, x, 1, block35(32, 32), 5)
    build.at("stage2")
    x = side_by_side(build, x, "mixed_6a", reduction_a(192, 192, 256, 384))
    x = repeated(build, x, 2, block17(128, 128, 128), 10)
    build.at("stage3")
    x = side_by_side(build, x, "mixed_7a", reduction_b(256, 256, 256))
    x = repeated(build, x, 3, block8(192, 192), 5)
    build.at("head")
    return build.classify(build.mean(x), dropout, num_classes)


def inception_resnet_v2(build: Recipe, x: Value, num_classes: int, dropout: float) -> Value:
    """TensorFlow's network: figure 15 with twice the blocks, another stem, and a 1×1 convolution at the end."""
    build.at("stem")
    x = chain(build, x, STEM)
    build.at("stage1")
    x = build.add(HALVE, x, name="maxpool_5a")
    x = side_by_side(build, x, "mixed_5b", MIXED_5B)
    x = repeated(build, x, 1, block35(48, 64), 10)
    build.at("stage2")
    x = side_by_side(build, x, "mixed_6a", reduction_a(256, 256, 384, 384))
    x = repeated(build, x, 2, block17(192, 160, 192), 20)
    build.at("stage3")
    x = side_by_side(build, x, "mixed_7a", reduction_b(288, 288, 320))
    x = repeated(build, x, 3, block8(224, 256), 9)
    x = residual(build, x, "block8", block8(224, 256), 1.0, act=False)
    x = chain(build, x, {"conv2d_7b": Conv(1536)})
    build.at("head")
    return build.classify(build.mean(x), dropout, num_classes)


V1, V2 = (
    Plan(
        whole,
        299,
        dropout=0.2,  # figure 15
        habits=HABITS,
        parts={"norm": "bn", "fc": "classif"},
        init="torch",
    )
    for whole in (inception_resnet_v1, inception_resnet_v2)
)

ENTRIES: dict[str, Entry] = {
    "inception_resnet_v1": Entry(
        "inception_resnet",
        None,
        "",
        "Inception-ResNet-v1: the paper's figures 7 and 10 to 15, with 5, 10 and 5 blocks, have 22,756,328 parameters; "
        "a bias beside each batch norm would make that the 22,769,848 of the brief's source 2.2.0",
        V1,
    ),
    "inception_resnet_v2": Entry("inception_resnet", None, "timm", plan=V2),
}
