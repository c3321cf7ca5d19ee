"""LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition", §II.B and Figure 2)."""

from __future__ import annotations

from nas.blocks.recipe import FREE, Habits, Norm, Recipe, Value
from nas.graph.ops import AvgPool2d, Flatten
from nas.zoo.entry import Entry
from nas.zoo.plan import Plan

MAPS = (6, 16)  # of C1 and C3, 5×5 convolutions, each halved by the pooling behind it (S2 and S4)
UNITS = (120, 84)  # of C5, which is linear on a map of 5×5, and of F6


def lenet5(build: Recipe, x: Value, num_classes: int, dropout: float) -> Value:
    """Figure 2."""
    for stage, maps in enumerate(MAPS, start=1):
        build.at(f"stage{stage}", 0)
        x = build.act(build.conv(x, f"conv{stage}", maps, 5, padding=0, bias=True, width=FREE), f"act{stage}")
        build.at(f"stage{stage}")
        x = build.add(AvgPool2d((2, 2), (2, 2)), x, name=f"pool{stage}")
    build.at("head")
    x = build.add(Flatten(), x, name="flatten")
    for layer, units in enumerate(UNITS, start=1):
        x = build.act(build.linear(x, f"fc{layer}", units, width=FREE), f"act{layer + len(MAPS)}")
    return build.classify(x, dropout, num_classes)


FOLLOWS = (
    "lenet5: the common form of 61,706 parameters, with tanh and average pooling. In the paper C3 reads some of the "
    "maps only, poolings have a trainable factor and bias, and the output is a distance to fixed codes (60,000 in all)"
)

PLAN = Plan(
    lenet5,
    resolution=32,
    num_classes=10,
    in_chans=1,
    habits=Habits(activation="tanh", norm=Norm(kind="none")),
    parts={"fc": "fc3"},
    init="torch",
)
ENTRIES: dict[str, Entry] = {"lenet5": Entry("lenet", None, "", FOLLOWS, plan=PLAN)}
