"""timm builds what is written for it, to the same outputs; what it cannot build is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_export import TINY, network

from nas import zoo
from nas.architecture import Architecture
from nas.blocks import stages
from nas.errors import ExportError
from nas.export import comparing
from nas.export.exporting import export
from nas.export.formats import timm as timm_format
from nas.export.timm import DEFINITIONS, definition_of, registered, text_of
from nas.files import write_text
from nas.graph.ops import StochasticDepth
from nas.networks import load_network

Change = Callable[[Architecture], dict[str, Any]]


def row(number: int, **columns: Any) -> Change:
    """A change of one row of a table."""

    def change(table: Architecture) -> dict[str, Any]:
        rows = list(table.stages)
        rows[number] = rows[number].model_copy(update=columns)
        return {"stages": tuple(rows)}

    return change


TIMM = ["efficientnet_b0", "efficientnetv2_b0", "mobilenet_v2", "mobilenet_v3_small", "mobilenetv1_100", "mnasnet0_5"]
TIMM += ["mobilenetv4_conv_small", "regnet_y_400mf", "regnet_x_400mf", "resnet18", "seresnext50_32x4d"]
TIMM += ["wide_resnet50_2", "convnext_tiny", "convnextv2_atto", "inception_next_atto", "skresnet18"]
TIMM += ["skresnext50_32x4d", "resnest14d", "resnest50d_4s2x40d", "res2net50_26w_4s", "resnetv2_50"]
TIMM += ["resnetv2_50x1_bit", "densenet121", "vgg11", "vgg11_bn", "ghostnet_100", "dm_nfnet_f0"]
# One layer of a VGG has 100 million parameters.
SMALLER = dict.fromkeys(("vgg11", "vgg11_bn"), row(-1, channels=32)) | {"dm_nfnet_f0": lambda _: {"resolution": 64}}


@pytest.mark.oracle
@pytest.mark.parametrize("name", TIMM)
def test_timm_builds_what_it_knows(tmp_path, monkeypatch, name):
    monkeypatch.setattr(comparing, "BATCHES", (1,))
    table = zoo.architecture(name)
    table = table.model_copy(update=SMALLER[name](table) if name in SMALLER else {})
    export(network(table, name), {"timm": {}}, tmp_path / "out")


def test_every_block_that_timm_has_is_tried():
    tried = {row.block for name in TIMM for row in zoo.architecture(name).stages}
    assert tried == {kind for known, _, _ in DEFINITIONS for kind in known}


@pytest.mark.oracle
def test_stochastic_depth_grows_in_timm_as_in_the_network(tmp_path):
    timm = timm_format._timm()
    for name in ("resnet18", "efficientnet_b0"):  # of which timm gives the last block all of the rate, or not quite
        for at in ("end", "last"):
            table = zoo.architecture(name).model_copy(update={"drop_path": 0.3, "drop_path_at": at})
            source = network(table, f"{name}_{at}")
            write_text(tmp_path / "written.py", text_of(source))
            with comparing.executed(tmp_path / "written.py"):
                model = timm.create_model(registered(source.name))
            theirs = {f"{m.drop_prob:.6f}" for m in model.modules() if type(m).__name__ == "DropPath"}
            ours = {node.op.rate for node in source.graph.nodes.values() if isinstance(node.op, StochasticDepth)}
            assert {f"{rate:.6f}" for rate in ours if rate} <= theirs  # blocks without shortcut have a rate in timm too


@pytest.mark.oracle
@pytest.mark.parametrize(("version", "old"), [("0.9.16", True), ("1.0.7", True), ("1.0.8", False), ("2.0", False)])
def test_a_timm_that_is_too_old_is_refused_before_anything_is_written(tmp_path, monkeypatch, version, old):
    monkeypatch.setattr(timm_format._timm(), "__version__", version)
    if not old:
        timm_format.check(network(TINY))
        return
    with pytest.raises(ExportError, match=rf"^timm: 1\.0\.8 or newer is needed, and {version} is installed"):
        export(network(TINY), {"timm": {}}, tmp_path / "out")
    assert not list(tmp_path.iterdir())


REFUSED = {
    "shufflenet_v2_x0_5": "blocks 'shufflenetv2' have no definition here; known: basic, bottleneck",
    "dm_nfnet_f4_plus": "four squeezed stages of strides 1, 2, 2 and 2, alike but in size",
    "inception_v3": "inception_v3 is no table of stages",
    "senet154": "its stem is not one of timm's",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_timm_cannot_express_is_named(name):
    with pytest.raises(ExportError, match=REFUSED[name]):
        definition_of(load_network(name))


# Smaller or larger by one column than what timm's class has.
BEYOND = [
    ("vgg11", lambda table: {"resolution": 256}, r"its last map has 8×8 pixels"),
    ("vgg11_bn", row(1, bias=False), "the convolutions of a VGG of timm have biases"),
    ("densenet121", row(2, channels=24), "one growth rate"),
    ("densenet121", lambda table: {"stages": table.stages[1:]}, "strides 1, 2, 2"),
    ("resnetv2_50", row(0, channels=260), "timm's ResNetV2 rounds a width of 260 to 8s"),
    ("resnetv2_50", row(0, channels=64), "to another width than the first stage's"),
    ("ghostnet_100", row(-1, channels=640), "is one 1×1 convolution to 960 channels"),
    ("ghostnet_100", row(0, channels=18), "rounds the 18 channels of stage 1 to 4s"),
    ("dm_nfnet_f0", lambda table: {"activation_gain": False}, "activations with a gain"),
    ("inception_next_atto", lambda table: {"activation": "relu"}, "with GELU"),
    ("resnest14d", row(1, radix=4), "differ in width and depth alone"),
    ("seresnet18", lambda table: {"stem": zoo.architecture("resnet18").stem}, "such a squeeze"),
]


@pytest.mark.parametrize(("name", "change", "message"), BEYOND)
def test_what_timms_class_lacks_is_named(name, change, message):
    table = zoo.architecture(name)
    with pytest.raises(ExportError, match=message) as refusal:
        definition_of(network(table.model_copy(update=change(table)), name))
    assert "\n" not in str(refusal.value)


def test_a_width_that_timm_would_round_is_named():
    rows = stages("block expand channels", ("mbconv", 1, 18), ("mbconv", 6, 20))
    odd = TINY.model_copy(update={"stages": rows})
    with pytest.raises(ExportError, match="stage 2 expands 18 channels × 6, which timm rounds to 8s"):
        definition_of(network(odd))
